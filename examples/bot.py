#!/usr/bin/env python3
"""A bot: pulls its token just before it joins, and is patient for as long as that can help.

    python3 examples/bot.py 1234567890 notetaker@example.com
    HUB_URL=http://hub.internal:3000 PATIENCE_SECONDS=20 python3 examples/bot.py …
    HUB_CREDENTIAL=$(zoom-token-hub token --user notetaker@example.com) python3 examples/bot.py …

Python 3.9 or newer, standard library only. It ends with 0 if it has a token, else with 1. A token is fetched when it is
needed and kept nowhere: it lives for half an hour, and only until then may the bot join with it. Where a distribution
waits to give the bot one, the answer to its call is that one, and needs no receipt: who has an answer has the token.
"""

import json
import os
import random
import sys
import time
import urllib.error
import urllib.request

HUB = os.environ.get("HUB_URL", "http://localhost:3000").rstrip("/")
CREDENTIAL = os.environ.get("HUB_CREDENTIAL")  # what your backend signed, where the hub asks for it
AUTHORIZATION = {"Authorization": f"Bearer {CREDENTIAL}"} if CREDENTIAL else {}
PATIENCE_SECONDS = float(os.environ.get("PATIENCE_SECONDS", "60"))  # after that a bot is too late anyway
CALL_SECONDS = 30


class Refused(Exception):
    """What the hub won't do, and when to ask again: None for never."""

    def __init__(self, message, retry_after=None):
        super().__init__(message)
        self.retry_after = retry_after


def pull(meeting, user):
    """One attempt."""
    request = urllib.request.Request(
        f"{HUB}/api/meetings/join",
        data=json.dumps({"meetingId": meeting, "participantUserId": user}).encode(),
        headers={"Content-Type": "application/json", "Accept": "application/json", **AUTHORIZATION},
    )
    try:
        with urllib.request.urlopen(request, timeout=CALL_SECONDS) as response:
            return json.load(response)
    except urllib.error.HTTPError as refused:
        try:
            answer = json.load(refused)
        except ValueError:  # not the hub's answer, but a proxy's page
            answer = {"error": f"HTTP {refused.status}", "retryable": refused.status >= 500}
        # Without `retryAfterSeconds` it may be asked at once, which says: another node would do.
        wait = answer.get("retryAfterSeconds", 1) if answer.get("retryable") else None
        raise Refused(f"{answer.get('code', 'unknown')}: {answer.get('error')}", wait) from None
    except OSError as error:  # also the time-out
        raise Refused(f"no answer from {HUB}: {error}", 2) from None


def pull_patiently(meeting, user):
    """Asks again where that can help, and gives up as soon as it is clear that no token comes in time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return pull(meeting, user)
        except Refused as refused:
            if refused.retry_after is None:
                raise
            # A little more than asked for, and not the same for every bot.
            wait = refused.retry_after * random.uniform(1.0, 1.3)
            if time.monotonic() + wait > deadline:
                raise
            print(f"{refused}; again in {wait:.1f} s", flush=True)
            time.sleep(wait)


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 1
    meeting, user = arguments
    try:
        answer = pull_patiently(meeting, user)
    except Refused as refused:
        print(f"not joining: {refused}", file=sys.stderr)
        return 1
    # Here the Meeting SDK would join; it takes the token as `onBehalfToken`.
    token = answer["obfToken"]
    made = ", made by the simulator" if answer.get("simulated") else ""
    print(f"joining meeting {answer['meetingId']} as {user}")
    print(f"with an OBF token of {len(token)} characters, until {answer['expiresAt']}{made}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
