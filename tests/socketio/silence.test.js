// A client whose network goes away without a word, with a poll or a WebSocket open: it is gone in its time, not before.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startHub } from "../browser/hub.js";
import { LIMIT, WAYS, connectAs, disconnectAll, presence, until, upgraded } from "./client.js";
import { wireTo } from "./wire.js";

const INTERVAL_MS = 1_000;
const TIMEOUT_MS = 1_500;
const SLACK_MS = 1_500;

let hub;
before(async () => {
  const env = { PING_INTERVAL_SECONDS: `${INTERVAL_MS / 1000}`, PING_TIMEOUT_SECONDS: `${TIMEOUT_MS / 1000}` };
  hub = await startHub({ env });
});
after(async () => {
  await disconnectAll();
  await hub?.stop();
});

for (const [way, options] of Object.entries(WAYS)) {
  test(`${way}: a client without a network is gone, one with it stays`, LIMIT, async () => {
    const wire = await wireTo(hub.port);
    try {
      const there = await connectAs("there@example.com", hub.origin, options);
      const lost = await connectAs("lost@example.com", wire.origin, { ...options, reconnection: false });
      if (way === "default options") await upgraded(lost);
      assert.equal(lost.transport(), way === "polling only" ? "polling" : "websocket");
      const { id } = lost.socket;
      // Polls end with each ping: a session outlives them.
      for (let pings = 0; pings < 2; pings++) await next(lost.socket.io.engine, "ping");
      // The answer to the last ping is on its way to the hub, and the next poll open, before nothing passes any more.
      await lost.ask("ping");
      assert.equal(lost.socket.id, id);
      assert.deepEqual(await presence(hub), { sessions: 2, users: 2 });

      wire.fallSilent();
      const since = performance.now();
      await until(async () => (await presence(hub)).sessions === 1, "the lost client to be gone");
      const gone = performance.now() - since;
      assert.ok(gone > TIMEOUT_MS, `gone after ${gone} ms`);
      assert.ok(gone < INTERVAL_MS + TIMEOUT_MS + SLACK_MS, `gone after ${gone} ms`);
      assert.deepEqual(await presence(hub), { sessions: 1, users: 1 });
      assert.equal((await lost.take("disconnect")), "ping timeout");
      assert.deepEqual(there.kept.map((event) => event.name), ["connect"]);
      there.socket.disconnect();
      await until(async () => (await presence(hub)).sessions === 0, "the other to be gone");
    } finally {
      wire.cut();
    }
  });
}

test("a client that vanishes between two polls is gone", LIMIT, async () => {
  const at = `${hub.origin}/socket.io/?EIO=4&transport=polling`;
  const { sid } = JSON.parse((await (await fetch(at)).text()).slice(1));
  const post = await fetch(`${at}&sid=${sid}`, { method: "POST", body: "40" });
  assert.equal(await post.text(), "ok");
  assert.match(await (await fetch(`${at}&sid=${sid}`)).text(), /^40\{"sid":/);
  assert.equal((await presence(hub)).sessions, 1);
  const patience = INTERVAL_MS + TIMEOUT_MS + SLACK_MS;
  await until(async () => (await presence(hub)).sessions === 0, "the session to end", patience);
  const late = await fetch(`${at}&sid=${sid}`);
  assert.equal(late.status, 400);
  assert.deepEqual(await late.json(), { code: 1, message: "Session ID unknown" });
});

function next(emitter, name) {
  return new Promise((resolve) => emitter.once(name, resolve));
}
