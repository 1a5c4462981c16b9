// The hub is stopped under clients that connect as they do by themselves, and another takes its place: they come back.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { startHub } from "../browser/hub.js";
import { WAYS, connectAs, disconnectAll, owns, until } from "./client.js";

const HOST = "host@example.com";
// A drain without work: nobody may hold it up until SHUTDOWN_TIMEOUT_SECONDS.
const STOP_MS = 10_000;

let hub;
beforeEach(async () => {
  hub = await startHub();
});
afterEach(async () => {
  await disconnectAll();
  await hub?.stop();
});

test("clients come back to the hub that takes a stopped one's place", { timeout: 90_000 }, async () => {
  const names = Object.keys(WAYS).map((_, number) => `participant-${number}@example.com`);
  const clients = await Promise.all(Object.values(WAYS).map((options, index) =>
    connectAs(names[index], hub.origin, options)));
  const ids = clients.map((client) => client.socket.id);

  const { port } = hub;
  const since = performance.now();
  await hub.stop();
  const stopped = performance.now() - since;
  assert.ok(stopped < STOP_MS, `the hub took ${stopped} ms to stop`);
  for (const client of clients) {
    assert.equal((await client.take("error")).code, "shutting_down");
    assert.equal(await client.take("disconnect"), "transport close");
  }

  hub = await startHub({ port });
  for (const [index, client] of clients.entries()) {
    const { userId, socketId } = await client.take("authenticated", 30_000);
    assert.equal(userId, names[index]);
    assert.equal(socketId, client.socket.id);
    assert.notEqual(socketId, ids[index]);
  }
  const host = await connectAs(HOST, hub.origin);
  const { successful } = await host.ask("meeting:distribute",
    { meetingId: "1234567890", hostUserId: HOST, participantUserIds: names });
  assert.equal(successful, clients.length);
  for (const [index, client] of clients.entries()) {
    owns(names[index], (await client.take("meeting:credentials")).obfToken, "onbehalf");
  }
});

test("a hub that stops answers what runs and takes nobody in meanwhile", { timeout: 60_000 }, async () => {
  await hub.faults({ tokenLatencyMs: 2_000 });
  const clients = await Promise.all(Object.values(WAYS).map((options, index) =>
    connectAs(`participant-${index}@example.com`, hub.origin, { ...options, reconnection: false })));
  const asked = clients.map((client, index) =>
    client.ask("meeting:join", { meetingId: "1234567890", participantUserId: `participant-${index}@example.com` }));
  // Events are taken in their order: with the answer to this one, the hub has what was sent before.
  await Promise.all(clients.map((client) => client.ask("ping")));

  const stopped = hub.stop();
  const handshake = () => fetch(`${hub.origin}/socket.io/?EIO=4&transport=polling`);
  await until(async () => (await handshake()).status === 503, "a handshake to be refused");
  for (const [index, answer] of (await Promise.all(asked)).entries()) {
    owns(`participant-${index}@example.com`, answer.obfToken, "onbehalf");
  }
  for (const client of clients) {
    assert.equal((await client.take("error")).code, "shutting_down");
    assert.equal(await client.take("disconnect"), "transport close");
  }
  await stopped;
});
