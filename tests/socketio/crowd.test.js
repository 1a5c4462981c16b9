// Five hundred clients at once, as they connect by themselves: by polling first, then upgraded.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startHub } from "../browser/hub.js";
import { connect, connectAs, disconnectAll, owns, presence, upgraded } from "./client.js";

const SIZE = 500;
const HOST = "host@example.com";
const PATIENCE_MS = 60_000;

let hub;
before(async () => {
  hub = await startHub();
});
after(async () => {
  await disconnectAll();
  await hub?.stop();
});

test(`${SIZE} clients connect at once, and one distribution serves each`, { timeout: 120_000 }, async () => {
  const names = Array.from({ length: SIZE }, (_, number) => `participant-${number}@example.com`);
  const clients = names.map(() => connect(hub.origin));
  await Promise.all(clients.map(async (client, index) => {
    await client.take("connect", PATIENCE_MS);
    const { userId } = await client.ask("authenticate", { userId: names[index] });
    assert.equal(userId, names[index]);
  }));
  const host = await connectAs(HOST, hub.origin);
  assert.deepEqual(await presence(hub), { sessions: SIZE + 1, users: SIZE + 1 });

  host.socket.emit("meeting:distribute", { meetingId: "1234567890", hostUserId: HOST, participantUserIds: names });
  const tokens = await Promise.all(clients.map(async (client, index) => {
    const { obfToken } = await client.take("meeting:credentials", PATIENCE_MS);
    owns(names[index], obfToken, "onbehalf");
    return obfToken;
  }));
  assert.equal(new Set(tokens).size, SIZE);
  const { total, successful, failed } = await host.take("meeting:distributed", PATIENCE_MS);
  assert.deepEqual({ total, successful, failed }, { total: SIZE, successful: SIZE, failed: 0 });

  await Promise.all(clients.map(upgraded));
  for (const { kept } of clients) assert.deepEqual(kept.map(({ name }) => name), ["authenticated"]);
  assert.deepEqual(await presence(hub), { sessions: SIZE + 1, users: SIZE + 1 });
});
