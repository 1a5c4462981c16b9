// What clients of the Node server do, by each way of connecting: nothing of theirs is changed.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, test } from "node:test";

import { NodeWebSocket, NodeXHR } from "socket.io-client";

import { startHub } from "../browser/hub.js";
import { LIMIT, WAYS, connect, connectAs, disconnectAll, owns, presence, until, upgraded } from "./client.js";

const meetingId = "1234567890";
const HOST = "host@example.com";

let hub;
before(async () => {
  // One of them asks as fast as it is answered.
  hub = await startHub({ env: { MESSAGE_RATE_PER_SECOND: "0" } });
});
afterEach(() => disconnectAll(hub));
after(() => hub?.stop());

for (const [way, options] of Object.entries(WAYS)) {
  test(`${way}: the client of the Node server's document`, LIMIT, async () => {
    const code = await readFile(new URL("seed-client.js", import.meta.url), "utf8");
    const printed = {};
    let client;
    const io = (url) => {
      assert.equal(url, "http://localhost:3000");
      client = connect(hub.origin, options);
      return client.socket;
    };
    new Function("io", "console", code)(io, { log: (what, value) => { printed[what] = value; } });
    for (const event of ["authenticated", "meeting:started", "meeting:credentials"]) await client.take(event);
    assert.equal(printed["Authenticated:"].userId, "user@example.com");
    owns(HOST, printed["ZAK Token:"], "zak");
    owns("participant@example.com", printed["OBF Token:"], "onbehalf");
  });

  test(`${way}: a host distributes, and each participant gets its own token alone`, LIMIT, async () => {
    const names = ["alice@example.com", "bob@example.com"];
    const clients = await Promise.all(names.map((name) => connectAs(name, hub.origin, options)));
    const host = await connectAs(HOST, hub.origin, options);
    assert.deepEqual(await presence(hub), { sessions: 3, users: 3 });
    const participantUserIds = [...names, "carol@example.com"];
    host.socket.emit("meeting:distribute", { meetingId, hostUserId: HOST, participantUserIds, hold: false });

    owns(HOST, (await host.take("meeting:started")).zakToken, "zak");
    for (const [index, client] of clients.entries()) {
      owns(names[index], (await client.take("meeting:credentials")).obfToken, "onbehalf");
    }
    const { total, successful, failed, failedUsers } = await host.take("meeting:distributed");
    const progress = host.kept.filter((event) => event.name === "meeting:progress");
    assert.ok(progress.length > 0, "the host hears how far it is");
    host.kept.splice(0, host.kept.length, ...host.kept.filter((event) => !progress.includes(event)));
    assert.deepEqual({ total, successful, failed, failedUsers },
      { total: 3, successful: 2, failed: 1, failedUsers: ["carol@example.com"] });
    for (const client of [...clients, host]) {
      // A pong is the last that was sent: what came before it, came.
      await client.ask("ping");
      assert.deepEqual(client.kept.map((event) => event.name), ["connect", "pong"]);
    }
  });

  test(`${way}: every event's acknowledgement is called with its answer's data`, LIMIT, async () => {
    const { ask, take, socket } = connect(hub.origin, options);
    const calls = [
      ["authenticate", { userId: HOST }, "authenticated"],
      ["meeting:start", { meetingId, hostUserId: HOST }, "meeting:started"],
      ["meeting:join", { meetingId, participantUserId: "alice@example.com" }, "meeting:credentials"],
      ["meeting:distribute", { meetingId, hostUserId: HOST, participantUserIds: [HOST] }, "meeting:distributed"],
      ["ping", { anything: true }, "pong"],
      ["meeting:join", { meetingId, participantUserId: "missing@example.com" }, "error"],
      ["meeting:start", { meetingId: "1", hostUserId: HOST }, "error"],
      ["meeting:distribute", { meetingId, hostUserId: "missing@example.com", participantUserIds: [HOST] }, "error"],
      ["meeting:end", { meetingId }, "error"],
    ];
    const codes = [];
    for (const [event, data, answer] of calls) {
      const acknowledged = await ask(event, data);
      assert.deepEqual(acknowledged, await take(answer), event);
      if (answer === "authenticated") assert.equal(acknowledged.socketId, socket.id);
      if (answer === "error") codes.push(acknowledged.code);
    }
    assert.deepEqual(codes, ["zoom_user_not_found", "invalid_meeting_id", "zoom_user_not_found", "unknown_event"]);
  });

  test(`${way}: what is sent before, and in the tick of, the connection isn't lost`, LIMIT, async () => {
    const { ask, socket } = connect(hub.origin, options);
    const before = ask("authenticate", { userId: "early@example.com" });
    const inTheTick = new Promise((resolve, reject) => {
      socket.once("connect", () => ask("authenticate", { userId: "prompt@example.com" }).then(resolve, reject));
    });
    assert.equal((await before).userId, "early@example.com");
    assert.equal((await inTheTick).userId, "prompt@example.com");
    assert.deepEqual(await presence(hub), { sessions: 1, users: 2 });
  });

  test(`${way}: a client that disconnects is gone, and may come back`, LIMIT, async () => {
    const client = await connectAs("alice@example.com", hub.origin, options);
    const { id } = client.socket;
    client.socket.disconnect();
    assert.equal(await client.take("disconnect"), "io client disconnect");
    await until(async () => (await presence(hub)).sessions === 0, "the hub to notice");
    client.socket.connect();
    const { socketId } = await client.take("authenticated");
    assert.notEqual(socketId, id);
  });
}

test("events and answers keep their order across the upgrade", LIMIT, async () => {
  // The upgrade begins when the polls are in full swing.
  let begin;
  const begun = new Promise((resolve) => { begin = resolve; });
  class LateWebSocket extends NodeWebSocket {
    doOpen() {
      begun.then(() => super.doOpen());
    }
  }
  const client = connect(hub.origin, { transports: [NodeXHR, LateWebSocket] });
  const answered = [];
  const carriers = new Set();
  let sent = 0;
  let last = Infinity;
  const send = () => {
    const number = sent++;
    client.socket.emit("ping", {}, () => {
      answered.push(number);
      carriers.add(client.transport());
      if (answered.length === 100) begin();
      if (sent < last) send();
    });
  };
  for (let started = 0; started < 20; started++) send();
  await begun;
  await upgraded(client);
  last = sent + 100;
  await until(() => answered.length === last, "every answer");
  assert.deepEqual(answered, Array.from({ length: last }, (_, number) => number));
  assert.deepEqual([...carriers], ["polling", "websocket"]);
});
