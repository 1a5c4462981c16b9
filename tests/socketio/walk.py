"""What clients of the Node server do, with Python's client: `walk.py URL [TRANSPORT…]`, without one as it likes."""

import base64
import json
import queue
import sys

import socketio

PATIENCE = 15
MEETING = "1234567890"
EVENTS = ("authenticated", "meeting:started", "meeting:credentials", "meeting:distributed", "error", "pong",
          "disconnect")
HOST, ALICE, BOB = "host@example.com", "alice@example.com", "bob@example.com"


class Client:
    """A client that forgets nothing: what it was sent waits until it is taken."""

    def __init__(self, url, transports, auth=None):
        self.socket = socketio.Client(reconnection=False)
        self.received = {name: queue.Queue() for name in EVENTS}
        for name, events in self.received.items():
            self.socket.on(name, events.put)
        self.socket.connect(url, auth=auth, transports=transports, wait_timeout=PATIENCE)

    def take(self, name):
        return self.received[name].get(timeout=PATIENCE)

    def ask(self, event, **data):
        """What the event's acknowledgement was called with."""
        return self.socket.call(event, data, timeout=PATIENCE)

    def untaken(self):
        return [name for name, events in self.received.items() if not events.empty()]


def same(found, wanted):
    if found != wanted:
        raise AssertionError(f"{found!r} in place of {wanted!r}")


def owner(token):
    """Whose token the simulator made, and of what kind."""
    body = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims["sub"], claims["type"]


def walk(url, transports):
    host, alice, bob = clients = [Client(url, transports) for _ in range(3)]
    for client, user in zip(clients, (HOST, ALICE, BOB)):
        client.socket.emit("authenticate", {"userId": user})
        authenticated = client.take("authenticated")
        same((authenticated["userId"], authenticated["socketId"]), (user, client.socket.get_sid()))
    carrier = "polling" if transports == ["polling"] else "websocket"
    same([client.socket.transport() for client in clients], [carrier] * 3)

    started = host.ask("meeting:start", meetingId=MEETING, hostUserId=HOST)
    same(started, host.take("meeting:started"))
    same(owner(started["zakToken"]), (HOST, "zak"))
    joined = alice.ask("meeting:join", meetingId=MEETING, participantUserId=ALICE)
    same(joined, alice.take("meeting:credentials"))
    same(owner(joined["obfToken"]), (ALICE, "onbehalf"))

    outcome = host.ask("meeting:distribute", meetingId=MEETING, hostUserId=HOST,
                       participantUserIds=[ALICE, BOB, "carol@example.com"], hold=False)
    same(outcome, host.take("meeting:distributed"))
    same((outcome["total"], outcome["successful"], outcome["failedUsers"]), (3, 2, ["carol@example.com"]))
    same(owner(host.take("meeting:started")["zakToken"]), (HOST, "zak"))
    for client, user in ((alice, ALICE), (bob, BOB)):
        same(owner(client.take("meeting:credentials")["obfToken"]), (user, "onbehalf"))

    refused = alice.ask("meeting:join", meetingId="1", participantUserId=ALICE)
    same((refused["code"], refused), ("invalid_meeting_id", alice.take("error")))
    same(bob.ask("ping"), bob.take("pong"))
    same([client.untaken() for client in clients], [[], [], []])
    for client in clients:
        client.socket.disconnect()
        client.take("disconnect")


if __name__ == "__main__":
    walk(sys.argv[1], sys.argv[2:] or None)
    print("walked")
