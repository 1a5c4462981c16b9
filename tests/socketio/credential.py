"""A hub that asks for credentials, with Python's client: `credential.py URL [TRANSPORT…]`, without one as it likes.

The environment has alice's TOKEN, a FORGED one, and one of a SERVICE.
"""

import json
import os
import sys
import urllib.request

import socketio

from walk import ALICE, MEETING, PATIENCE, Client, owner, same


def join_as_a_service(url, user):
    """Has a token minted, which is pushed to its owner."""
    body = json.dumps({"meetingId": MEETING, "participantUserId": user}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {os.environ['SERVICE']}"}
    request = urllib.request.Request(f"{url}/api/meetings/join", body, headers)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        same(answer.status, 200)


def walk(url, transports):
    alice = Client(url, transports, auth={"token": os.environ["TOKEN"]})
    authenticated = alice.take("authenticated")
    same((authenticated["userId"], authenticated["socketId"]), (ALICE, alice.socket.get_sid()))
    join_as_a_service(url, ALICE)
    same(owner(alice.take("meeting:credentials")["obfToken"]), (ALICE, "onbehalf"))
    refused = alice.ask("meeting:join", meetingId=MEETING, participantUserId="bob@example.com")
    same((refused["code"], refused), ("forbidden", alice.take("error")))
    same(alice.untaken(), [])
    # The answer may be here before the post that asked is over, and a client that is told to go during a post goes without a
    # goodbye: the hub would have to wait for its heartbeat.
    alice.socket.eio.queue.join()
    alice.socket.disconnect()
    try:
        Client(url, transports, auth={"token": os.environ["FORGED"]})
    except socketio.exceptions.ConnectionError:
        return
    raise AssertionError("a forged credential was let in")


if __name__ == "__main__":
    walk(sys.argv[1], sys.argv[2:] or None)
    print("walked")
