"""Runs the receivers of the guide over lines of JSON, one answer a line."""
import json
import sys

from guide import glacis_verifier, standard_verifier

# What a mistaken service, or a framework that was sent something odd, hands over instead.
ODD = {
    "None": lambda value: None,
    "a list": lambda value: [value],
    "bytes": lambda value: value.encode(),
    "escaped bytes": lambda value: value + "\udcff",
    "escaped bytes alone": lambda value: "\udce9",
    "a number": lambda value: 1_700_000_000,
    "a text": lambda value: value.decode(errors="replace"),
}


def answer(case):
    headers, raw = case["headers"], bytes.fromhex(case["body"])
    part, kind = case["odd"]
    if part == "body":
        raw = ODD[kind](raw)
    elif part:
        headers[part] = ODD[kind](headers[part])
    try:
        verifier = glacis_verifier if case["scheme"] == "glacis" else standard_verifier
        verify = verifier(case["secret"])
    except ValueError:
        return {"error": "secret"}
    try:
        return {"verdict": verify(headers, raw, *([case["now"]] if case["scheme"] == "standard" else []))}
    except Exception as error:
        return {"error": "body" if "raw bytes" in str(error) else repr(error)}


print(json.dumps({"version": sys.version.split()[0]}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
