"""Runs the receivers of the guide over lines of JSON, one answer a line."""
import json
import sys

from guide import verify_glacis, verify_standard

print(json.dumps({"version": sys.version.split()[0]}), flush=True)
for line in sys.stdin:
    case = json.loads(line)
    secret, headers, raw = case["secret"], case["headers"], bytes.fromhex(case["body"])
    if case["scheme"] == "glacis":
        verdict = verify_glacis(secret, headers.get("x-glacis-signature"), raw)
    else:
        verdict = verify_standard(secret, headers, raw, case["now"])
    print(json.dumps({"verdict": verdict}), flush=True)
