"""One PyJWT process for the interop test: JSON lines in, JSON lines out.

{"verify": token, "key": hex} gives {"claims": {...}} or {"error": "..."}
{"sign": claims, "key": hex, "kid": "..."} gives {"token": "..."}
"""

import json
import sys

import jwt

PROFILE = {"issuer": "https://auth.glassmkr.com", "audience": "guardian"}

print(json.dumps({"version": jwt.__version__}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    key = bytes.fromhex(request["key"])
    try:
        if "verify" in request:
            claims = jwt.decode(
                request["verify"],
                key,
                algorithms=["HS256"],
                leeway=30,
                options={"require": ["iss", "aud", "sub", "sid", "iat", "exp"]},
                **PROFILE,
            )
            answer = {"claims": claims}
        else:
            headers = {"kid": request["kid"]}
            token = jwt.encode(request["sign"], key, algorithm="HS256", headers=headers)
            answer = {"token": token}
    except Exception as error:
        answer = {"error": repr(error)}
    print(json.dumps(answer), flush=True)
