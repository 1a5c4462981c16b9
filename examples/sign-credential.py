#!/usr/bin/env python3
"""What your backend does in AUTH_MODE=jwt: signs a credential, with which one of its users comes to the hub.

    AUTH_JWT_SECRET=… python3 examples/sign-credential.py alice@example.com
    AUTH_JWT_SECRET=… python3 examples/sign-credential.py host@example.com host 1234567890 1112223334

Python 3.9 or newer, standard library only. It prints the credential, a JWT, and ends with 0, else with 1. The secret is
the hub's AUTH_JWT_SECRET and never leaves your backend: whoever has it can be anybody. AUTH_JWT_ISSUER and
AUTH_JWT_AUDIENCE are set here where they are set at the hub.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time


def sign_credential(user_id, role="participant", meetings=None, ttl_seconds=3600, issuer=None, audience=None):
    """A credential for one user, as a JWT.

    Take `user_id` from the login of your own site, never from what the browser sends: the hub believes whatever is
    signed. The role is "participant", "host" or "service", which acts for anybody: for your backend's own calls. Without
    `meetings` it is for any. It lives no longer than the hub's AUTH_JWT_MAX_TTL_SECONDS.
    """
    secret = os.environ.get("AUTH_JWT_SECRET", "").encode()
    if len(secret) < 32:
        raise ValueError("AUTH_JWT_SECRET must be set, to the hub's 32 bytes or more")
    now = int(time.time())
    claims = {"sub": user_id, "iat": now, "exp": now + ttl_seconds, "role": role}
    for name, value in [("meetings", meetings), ("iss", issuer), ("aud", audience)]:
        if value is not None:
            claims[name] = value
    signed = encoded(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()) + "." + encoded(json.dumps(claims).encode())
    return signed + "." + encoded(hmac.new(secret, signed.encode(), hashlib.sha256).digest())


def encoded(value):
    """Base64 as JWTs have it: for URLs, and without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def main(arguments):
    if not arguments:
        print("usage: python3 sign-credential.py USER [participant|host|service [MEETING…]]", file=sys.stderr)
        return 1
    user, role, meetings = arguments[0], arguments[1:2] or ["participant"], arguments[2:] or None
    issuer, audience = os.environ.get("AUTH_JWT_ISSUER"), os.environ.get("AUTH_JWT_AUDIENCE")
    try:
        print(sign_credential(user, role[0], meetings, issuer=issuer, audience=audience))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
