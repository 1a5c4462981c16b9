// Who is there, as the client library tells a host: at first, as people come and go, and over a reconnect; over each carrier.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { client, CARRIERS, cuttable, disconnectAll, overEach } from "./clients.js";
import { startHub } from "./hub.js";

const MEETING = { meetingId: "123 456 7890" };

let hub;
before(async () => {
  hub = await startHub({ env: { PRESENCE_GRACE_SECONDS: "0.2" } });
});
after(() => hub?.stop());
afterEach(disconnectAll);

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const somebody = (name) => `${name}.${Math.random().toString(36).slice(2)}@example.com`;

async function comes(user, carrier = CARRIERS.WebSocket) {
  const made = client(hub.socket, { carrier });
  await made.connect();
  await made.authenticate(user);
  return made;
}

/** A host who watches these, and what it has been told: `is` waits until somebody is as given. */
async function watching(carrier, userIds) {
  const host = client(hub.socket, { carrier });
  await host.connect();
  const online = new Map();
  const told = [];
  const state = await host.watch({ ...MEETING, userIds }, (changes) => {
    told.push(changes);
    for (const { userId, online: isOnline } of changes) online.set(userId, isOnline);
  });
  const is = async (user, isOnline) => {
    for (const deadline = Date.now() + 8000; online.get(user) !== isOnline; await sleep(20)) {
      assert.ok(Date.now() < deadline, `waited for ${user} to be ${isOnline ? "here" : "gone"}`);
    }
  };
  return { host, state, told, is };
}

overEach("a watch tells who is there, and then who comes and goes", async (carrier) => {
  const [ann, bob] = [somebody("ann"), somebody("bob")];
  await comes(ann, carrier);
  const { state, told, is } = await watching(carrier, [ann, bob]);
  assert.deepEqual([state.online, state.offline], [[ann], [bob]]);
  assert.deepEqual(told, [[{ userId: ann, online: true }, { userId: bob, online: false }]]);
  const there = await comes(bob, carrier);
  await is(bob, true);
  there.disconnect();
  await is(bob, false);
  assert.ok(told.slice(1).flat().every(({ userId }) => userId === bob), "nobody tells of Ann, who stayed");
});

overEach("after a reconnect it is told of everybody, also of who came meanwhile", async (carrier) => {
  const [ann, bob] = [somebody("ann"), somebody("bob")];
  const line = cuttable(carrier);
  const { told, is } = await watching(line.carrier, [ann, bob]);
  line.cut();
  await comes(ann);
  await is(ann, true);
  const all = told.findLast((changes) => changes.length === 2);
  assert.ok(told.length > 1 && all.some(({ userId }) => userId === bob));
  await comes(bob);
  await is(bob, true);
});

test("another list takes the place of the meeting's last, and an empty one ends it", async () => {
  const [ann, bob] = [somebody("ann"), somebody("bob")];
  const { host, told } = await watching(CARRIERS.WebSocket, [ann]);
  const later = [];
  await host.watch({ meetingId: "1234567890", userIds: [bob] }, (changes) => later.push(...changes));
  await comes(ann);
  const there = await comes(bob);
  for (const deadline = Date.now() + 8000; later.length < 2; await sleep(20)) assert.ok(Date.now() < deadline, JSON.stringify(later));
  assert.deepEqual(later, [{ userId: bob, online: false }, { userId: bob, online: true }]);
  assert.equal(told.length, 1, "the first is told nothing any more");
  await host.watch({ ...MEETING, userIds: [] });
  there.disconnect();
  const { is: others } = await watching(CARRIERS.WebSocket, [bob]);
  await others(bob, false);
  assert.equal(later.length, 2);
  await assert.rejects(host.watch({ meetingId: "12", userIds: [bob] }), { code: "invalid_meeting_id" });
});
