// How the hub refuses, and how it ends a session: what it says first, and whether the client comes back.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { startHub } from "../browser/hub.js";
import { LIMIT, WAYS, connect, connectAs, disconnectAll, presence, until, upgraded } from "./client.js";

let hub;
before(async () => {
  hub = await startHub();
});
afterEach(() => disconnectAll(hub));
after(() => hub?.stop());

for (const [way, options] of Object.entries(WAYS)) {
  test(`${way}: binary is refused, at the third in a row for good`, LIMIT, async () => {
    const client = await connectAs("alice@example.com", hub.origin, { ...options, reconnectionDelay: 50 });
    const meetingId = Buffer.from("1234567890");
    const malformed = ["meeting:join", { meetingId, participantUserId: "alice@example.com" }];
    for (let times = 0; times < 2; times++) {
      const refused = await client.ask(...malformed);
      assert.equal(refused.code, "malformed_frame");
      assert.deepEqual(await client.take("error"), refused);
    }
    // One that is whole begins the count anew.
    await client.ask("ping");
    for (let times = 0; times < 3; times++) client.socket.emit(...malformed);
    // Each has its answer, and then the end has its reason.
    for (let times = 0; times < 4; times++) assert.equal((await client.take("error")).code, "malformed_frame");
    assert.equal(await client.take("disconnect"), "io server disconnect");
    assert.equal(client.socket.active, false, "it would come back");
    await until(async () => (await presence(hub)).sessions === 0, "the hub to have ended it");
    assert.deepEqual(client.kept.map((event) => event.name), ["connect", "pong"]);
    // Its own wish is another matter.
    client.socket.connect();
    await client.take("authenticated");
  });

  test(`${way}: what breaks Socket.IO's format ends the connection, not for good`, LIMIT, async () => {
    const client = await connectAs("alice@example.com", hub.origin, { ...options, reconnectionDelay: 50 });
    client.socket.io.engine.send("no packet of Socket.IO's");
    assert.equal(await client.take("disconnect"), "transport close");
    await client.take("authenticated");
  });

  test(`${way}: a message over the limit ends the connection, not for good`, LIMIT, async () => {
    const client = await connectAs("alice@example.com", hub.origin, { ...options, reconnectionDelay: 50 });
    if (way === "default options") await upgraded(client);
    client.socket.emit("ping", "x".repeat(262_144));
    const answered = client.transport() === "polling" ? "transport error" : "transport close";
    assert.equal(await client.take("disconnect"), answered);
    await client.take("authenticated");
    await until(async () => (await presence(hub)).sessions === 1, "the first session to have ended");
  });

  test(`${way}: there is one namespace`, LIMIT, async () => {
    const client = connect(`${hub.origin}/admin`, options);
    assert.equal((await client.take("connect_error")).message, "Invalid namespace");
    // On the same connection, the one that there is.
    const main = client.socket.io.socket("/").connect();
    assert.ok((await main.timeout(10_000).emitWithAck("ping")).timestamp);
    main.disconnect();
  });
}

const REFUSED = [
  ["GET", "EIO=4&transport=pigeon", 0, "Transport unknown"],
  ["GET", "EIO=4", 0, "Transport unknown"],
  ["GET", "EIO=4&transport=polling&sid=nobody", 1, "Session ID unknown"],
  ["POST", "EIO=4&transport=polling&sid=nobody", 1, "Session ID unknown"],
  ["POST", "EIO=4&transport=polling", 2, "Bad handshake method"],
  ["GET", "EIO=4&transport=websocket", 3, "Bad request"],
  ["GET", "EIO=3&transport=polling", 5, "Unsupported protocol version"],
  ["GET", "transport=polling", 5, "Unsupported protocol version"],
];

for (const [method, query, code, message] of REFUSED) {
  test(`${method} ?${query} is refused: ${message}`, LIMIT, async () => {
    for (const path of ["/socket.io/", "/socket.io"]) {
      const body = method === "POST" ? "40" : undefined;
      const answer = await fetch(`${hub.origin}${path}?${query}`, { method, body });
      assert.equal(answer.status, 400, path);
      assert.deepEqual(await answer.json(), { code, message });
    }
  });
}
