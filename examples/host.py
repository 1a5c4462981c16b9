#!/usr/bin/env python3
"""A host: distributes tokens to participants and prints who has one.

    python3 examples/host.py 1234567890 host@example.com alice@example.com bob@example.com
    HUB_URL=http://hub.internal:3000 python3 examples/host.py …
    HUB_CREDENTIAL=$(zoom-token-hub token --user host@example.com --role host) python3 examples/host.py …

Python 3.9 or newer, standard library only. It ends with 0 if every participant has a token, else with 1. One who isn't
connected is `pending`, and gets a token on arrival, for as long as the hub holds it (HOLD_SECONDS, two hours). No token
comes here; each goes to the participant that it belongs to.
"""

import json
import os
import sys
import urllib.error
import urllib.request

HUB = os.environ.get("HUB_URL", "http://localhost:3000").rstrip("/")
CREDENTIAL = os.environ.get("HUB_CREDENTIAL")  # what your backend signed, where the hub asks for it
AUTHORIZATION = {"Authorization": f"Bearer {CREDENTIAL}"} if CREDENTIAL else {}
WAIT_SECONDS = 30  # how long the hub may take until no row is queued; 30 is the most
HAS_TOKEN = ("delivered", "acknowledged")  # the second: its client said that it has it


def distribute(meeting, host, participants):
    """The rows as the hub reports them, or a RuntimeError that says why there are none."""
    body = {"meetingId": meeting, "hostUserId": host, "participantUserIds": participants, "wait": WAIT_SECONDS}
    request = urllib.request.Request(
        f"{HUB}/api/meetings/distribute",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Accept": "application/json", **AUTHORIZATION},
    )
    try:
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS + 10) as response:
            return json.load(response)
    except urllib.error.HTTPError as refused:
        raise RuntimeError(describe(refused)) from None
    except OSError as error:
        raise RuntimeError(f"no answer from {HUB}: {error}") from None


def describe(refused):
    """A refusal in a line: the code decides, the sentence is for people."""
    try:
        answer = json.load(refused)
    except ValueError:  # not the hub's answer, but a proxy's page
        return f"HTTP {refused.status}"
    line = f"{answer.get('code')}: {answer.get('error')}"
    if answer.get("retryable"):
        line += f" (ask again in {answer.get('retryAfterSeconds', 5)} s)"
    return line


def table(rows):
    """Rows of texts, each column as wide as its widest."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())


def main(arguments):
    if len(arguments) < 3:
        print(__doc__, file=sys.stderr)
        return 1
    meeting, host, *participants = arguments
    try:
        report = distribute(meeting, host, participants)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    rows = [("PARTICIPANT", "STATUS", "SESSIONS", "WHY")]
    for row in report["participants"]:
        # `queued`: it took longer than WAIT_SECONDS and goes on.
        why = f"{row['code']}: {row.get('error', '')}" if "code" in row else ""
        if row["status"] == "pending":
            why = "not here yet: gets a token on arrival"
        rows.append((row["userId"], row["status"], str(row["sessions"]), why))
    table(rows)
    having = sum(row["status"] in HAS_TOKEN for row in report["participants"])
    print(f"{having} of {report['total']} have a token for meeting {report['meetingId']}")
    if report["pending"]:
        print(f"{report['pending']} awaited: GET /api/distributions/{report['distributionId']} tells how it stands")
    return 0 if having == report["total"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
