// The client library where tokens wait for people and people for tokens: receipts, fresh tokens, and distributions that
// go on when their host's connection doesn't; against a real hub and over each carrier.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { once } from "node:events";

import { WebSocketServer } from "ws";

import { freshSeconds } from "../../static/client.js";
import { CARRIERS, client, cuttable, disconnectAll, next, overEach, withMistakes } from "./clients.js";
import { startHub, within } from "./hub.js";

const MEETING = { meetingId: "1234567890" };
const ALICE = "alice@example.com";
const HOST = "host@example.com";
const TO_ALICE = { ...MEETING, hostUserId: HOST, participantUserIds: [ALICE] };
const TTL_MS = 3000;

let hub;
/** Its tokens end soon, and a receipt is soon missed. */
let hasty;
before(async () => {
  hub = await startHub();
  const env = { OBF_TTL_SECONDS: String(TTL_MS / 1000), MIN_TOKEN_LIFE_SECONDS: "1", RECEIPT_TIMEOUT_SECONDS: "0.3" };
  hasty = await startHub({ env });
});
after(async () => {
  await hub?.stop();
  await hasty?.stop();
});
afterEach(disconnectAll);

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A client of these users', and what it has sent. */
async function connected(carrier, users = [], { at = hub, ...options } = {}) {
  const made = client(at.socket, { carrier, ...options });
  const sent = [];
  made.on("frame", ({ direction, frame }) => direction === "out" && sent.push(frame));
  await made.connect();
  for (const user of users) await made.authenticate(user);
  return { made, sent, receipts: () => sent.filter(({ event }) => event === "delivery:ack").map(({ data }) => data.deliveryId) };
}

/** Waits until it holds. */
async function until(what, holds) {
  for (const deadline = Date.now() + 8000; !(await holds()); await sleep(20)) {
    assert.ok(Date.now() < deadline, `waited for ${what}`);
  }
}

/** The row of the user, once a progress tells that it stands so. */
function becomes(made, user, status) {
  return within(8000, `${user} ${status}`, new Promise((resolve) => {
    made.on("meeting:progress", ({ participants }) => {
      const row = participants.find(({ userId }) => userId === user);
      if (row?.status === status) resolve(row);
    });
  }));
}

overEach("a token is confirmed once a listener has taken it, and the host is told", async (carrier) => {
  const { made: alice, receipts } = await connected(carrier, [ALICE]);
  const { made: host } = await connected(carrier);
  const taken = [];
  alice.on("meeting:credentials", ({ deliveryId }) => taken.push([deliveryId, receipts().length]));
  const acknowledged = becomes(host, ALICE, "acknowledged");
  const { participants } = await host.distribute(TO_ALICE);
  assert.ok(["delivered", "acknowledged"].includes(participants[0].status));
  if (participants[0].status === "delivered") await acknowledged;
  assert.deepEqual(taken.map(([, before]) => before), [0], "not before it was taken");
  assert.deepEqual(receipts(), taken.map(([deliveryId]) => deliveryId));
});

overEach("a token that nobody listens for, or whose listener throws, is not confirmed", async (carrier) => {
  const { made: alice, receipts } = await connected(carrier, [ALICE], { at: hasty });
  const { made: host } = await connected(carrier, [], { at: hasty });
  const run = async () => {
    const failed = becomes(host, ALICE, "failed");
    await host.distribute(TO_ALICE);
    assert.equal((await failed).code, "not_acknowledged");
    assert.deepEqual(receipts(), []);
  };
  await run();
  alice.on("meeting:credentials", () => { throw new Error("a slip"); });
  assert.deepEqual(await withMistakes(run), ["a slip", "a slip", "a slip"]);
});

overEach("the answer to a join is confirmed by its promise, and once where somebody listens, too", async (carrier) => {
  for (const listens of [false, true]) {
    const { made: alice, receipts } = await connected(carrier, [ALICE]);
    const { made: host } = await connected(carrier);
    await host.distribute(TO_ALICE);
    const acknowledged = becomes(host, ALICE, "acknowledged");
    // What was pushed to her before this has come, and nobody listened.
    await alice.ping();
    assert.deepEqual(receipts(), []);
    if (listens) alice.on("meeting:credentials", () => {});
    const { deliveryId } = await alice.join({ ...MEETING, participantUserId: ALICE });
    await acknowledged;
    await alice.ping();
    assert.deepEqual(receipts(), [deliveryId]);
    alice.disconnect();
  }
});

overEach("who was away without a word gets another token on coming back, and confirms that", async (carrier) => {
  const line = cuttable(carrier);
  const { made: alice, sent, receipts } = await connected(line.carrier, [ALICE]);
  const { made: host } = await connected(carrier);
  await host.distribute(TO_ALICE);
  const acknowledged = becomes(host, ALICE, "acknowledged");
  alice.on("meeting:credentials", () => {});
  line.cut();
  await acknowledged;
  assert.equal(receipts().length, 1);
  const authenticated = sent.filter(({ event }) => event === "authenticate");
  assert.deepEqual(authenticated.map(({ data }) => data), Array(2).fill({ userId: ALICE, acks: true }));
});

overEach("a receipt that is a session's last word counts", async (carrier) => {
  const { made: host } = await connected(carrier);
  for (let times = 0; times < 8; times += 1) {
    const { made: alice } = await connected(carrier, [ALICE]);
    alice.on("meeting:credentials", () => queueMicrotask(() => alice.disconnect()));
    const { distributionId } = await host.distribute(TO_ALICE);
    await until("the receipt", async () => {
      const { status } = (await host.distribution(distributionId)).participants[0];
      assert.notEqual(status, "pending");
      return status === "acknowledged";
    });
  }
});

test("with acks: false nothing is confirmed, and nobody waits for it", async () => {
  const { made: alice, receipts } = await connected(CARRIERS.WebSocket, [ALICE], { at: hasty, acks: false });
  const { made: host } = await connected(CARRIERS.WebSocket, [], { at: hasty });
  let tokens = 0;
  alice.on("meeting:credentials", () => { tokens += 1; });
  const { distributionId } = await host.distribute(TO_ALICE);
  await sleep(700);
  const { participants } = await host.distribution(distributionId);
  assert.deepEqual([participants[0].status, tokens, receipts()], ["delivered", 1, []]);
});

overEach("a fresh token comes before the last has ended, until it is used", async (carrier) => {
  const { made: alice } = await connected(carrier, [ALICE], { at: hasty });
  const { made: host } = await connected(carrier, [], { at: hasty });
  const tokens = [];
  const three = within(4 * TTL_MS, "three tokens", new Promise((resolve) => {
    alice.on("meeting:credentials", ({ obfToken, timestamp, expiresAt }) => {
      tokens.push({ obfToken, timestamp: Date.parse(timestamp), expiresAt: Date.parse(expiresAt) });
      if (tokens.length < 3) return;
      alice.used("123 456 7890");
      resolve();
    });
  }));
  await host.distribute(TO_ALICE);
  await three;
  assert.equal(new Set(tokens.map(({ obfToken }) => obfToken)).size, 3);
  for (const [index, { timestamp }] of tokens.slice(1).entries()) {
    assert.ok(timestamp < tokens[index].expiresAt, "before the end");
    assert.ok(timestamp > tokens[index].timestamp + TTL_MS / 2, "and not much before");
  }
  await sleep(1.5 * TTL_MS);
  assert.equal(tokens.length, 3);
});

overEach("of several users' tokens only those are kept fresh whose owner was named", async (carrier) => {
  const { made } = await connected(carrier, [ALICE, "bob@example.com"], { at: hasty });
  const { made: host } = await connected(carrier, [], { at: hasty });
  const owners = [];
  made.on("meeting:credentials", ({ obfToken }) => {
    owners.push(JSON.parse(Buffer.from(obfToken.split(".")[1], "base64url")).sub);
  });
  await host.distribute(TO_ALICE);
  await made.join({ ...MEETING, participantUserId: "bob@example.com" });
  await sleep(1.3 * TTL_MS);
  // How often within that time is chance.
  const [first, ...others] = owners;
  assert.equal(first, ALICE);
  assert.ok(others.length > 1 && others.every((owner) => owner === "bob@example.com"), `${owners}`);
});

test("a fresh token is asked for again where that failed, no longer than was said, and not for a meeting that was used", async () => {
  const asked = [];
  const { url, stop } = await server((say, { event, data, id }) => {
    if (event === "authenticate") return say("authenticated", { userId: data.userId }, id);
    if (event !== "meeting:join") return;
    asked.push(data.meetingId);
    const fails = asked.length === 1 ? "zoom_unavailable" : data.meetingId === "222222222" ? "forbidden" : undefined;
    if (fails) say("error", { code: fails, retryable: fails !== "forbidden", event }, id);
    else if (data.meetingId === "333333333") setTimeout(() => say("meeting:credentials", token(data.meetingId), id), 300);
    else say("meeting:credentials", token(data.meetingId), id);
  });
  const token = (meetingId) => {
    const now = Date.now();
    return { meetingId, obfToken: "a", timestamp: new Date(now).toISOString(), expiresAt: new Date(now + 1500).toISOString() };
  };
  try {
    const made = client(url, { freshForSeconds: 4 });
    await made.connect();
    await made.authenticate(ALICE);
    const told = [];
    made.on("meeting:credentials", ({ meetingId }) => told.push(meetingId));
    push("meeting:credentials", token("111111111"));
    await sleep(7000);
    // Refused once, then every 1.2 to 1.35 s: after four seconds nothing more is asked for.
    assert.ok(told.length >= 3 && told.length <= 5, String(told.length));
    assert.equal(asked.length, told.length);
    push("meeting:credentials", token("222222222"));
    await sleep(2500);
    assert.equal(asked.filter((meetingId) => meetingId === "222222222").length, 1, "what won't help is not asked again");
    push("meeting:credentials", token("333333333"));
    await until("the request", () => asked.includes("333333333"));
    made.used("333333333");
    await sleep(2500);
    assert.deepEqual([asked, told].map((all) => all.filter((meetingId) => meetingId === "333333333").length), [1, 1]);
    const last = next(made, "meeting:credentials");
    push("meeting:credentials", token("444444444"));
    await last;
    made.disconnect();
    await made.connect();
    await sleep(1600);
    assert.ok(!asked.includes("444444444"));
  } finally {
    stop();
  }
});

test("a fresh token is asked for before the end of the last, not all in the same moment, at most once a second", () => {
  assert.deepEqual([0, 1].map((random) => freshSeconds(1800, () => random)), [1740, 1680]);
  assert.deepEqual([0, 1].map((random) => freshSeconds(10, () => random)), [9, 8]);
  assert.equal(freshSeconds(0.2), 1);
});

overEach("a distribution whose connection is cut in the middle has its outcome all the same, and mints once", async (carrier) => {
  const paced = await startHub({ env: { ZOOM_RATE_PER_SECOND: "4" } });
  try {
    const users = ["a", "b", "c", "d", "e", "f"].map((name) => `${name}@example.com`);
    const { made: crowd } = await connected(carrier, users, { at: paced });
    const owners = [];
    crowd.on("meeting:credentials", ({ obfToken }) => {
      owners.push(JSON.parse(Buffer.from(obfToken.split(".")[1], "base64url")).sub);
    });
    const line = cuttable(carrier);
    const { made: host } = await connected(line.carrier, [], { at: paced });
    let [started, told, cuts] = [0, [], 0];
    const outcome = await host.distribute({ ...MEETING, hostUserId: HOST, participantUserIds: users }, {
      onStarted: () => { started += 1; },
      onProgress: ({ done, distributionId }) => {
        told.push([cuts, distributionId]);
        if (done > 1 && cuts === 0) setTimeout(line.cut, (cuts = 1));
      },
    });
    assert.deepEqual([outcome.total, outcome.successful, started, cuts], [6, 6, 1, 1]);
    assert.deepEqual(owners.sort(), users);
    assert.ok(told.some(([cuts]) => cuts === 1), "it is told how far it is after that, too");
    assert.deepEqual([...new Set(told.map(([, id]) => id))], [outcome.distributionId]);
  } finally {
    disconnectAll();
    await paced.stop();
  }
});

overEach("one that is cut off before the host's ZAK has come is told its ZAK all the same", async (carrier) => {
  const line = cuttable(carrier);
  const { made: host } = await connected(line.carrier);
  const user = `${Math.random().toString(36).slice(2)}@example.com`;
  const { made: participant } = await connected(carrier, [user]);
  let tokens = 0;
  participant.on("meeting:credentials", () => { tokens += 1; });
  const started = [];
  const about = { ...MEETING, hostUserId: "slow.host@example.com", participantUserIds: [user] };
  const outcome = host.distribute(about, { onStarted: (data) => started.push(data) });
  await host.ping();
  line.cut();
  assert.equal((await outcome).successful, 1);
  await until("ZAK and token", () => started.length > 0 && tokens > 0);
  assert.ok(started[0].zakToken);
  await sleep(300);
  assert.deepEqual([started.length, tokens], [1, 1]);
});

overEach("who is absent is waited for until that is cancelled", async (carrier) => {
  const { made: host } = await connected(carrier);
  const outcome = await host.distribute({ ...MEETING, hostUserId: HOST, participantUserIds: ["gone@example.com"] });
  assert.deepEqual([outcome.pending, outcome.pendingUsers, outcome.failed], [1, ["gone@example.com"], 0]);
  const { distributionId } = outcome;
  const listed = async () => (await host.distributions()).find((one) => one.distributionId === distributionId);
  assert.equal((await listed()).pending, 1);
  const cancelled = await host.cancel(distributionId);
  assert.deepEqual(cancelled.participants.map(({ status, code }) => [status, code]), [["failed", "cancelled"]]);
  assert.equal((await listed()).pending, 0);
  assert.deepEqual((await host.distribution(distributionId)).participants, cancelled.participants);
  await assert.rejects(host.cancel("0".repeat(distributionId.length)), { code: "distribution_not_found" });
  await assert.rejects(host.distribution("0".repeat(distributionId.length)), { code: "distribution_not_found" });
});

overEach("after a reload a distribution is found and followed, also over a connection that is cut", async (carrier) => {
  const [dave, erin] = ["dave", "erin"].map((name) => `${name}.${Math.random().toString(36).slice(2)}@example.com`);
  const { made: before } = await connected(carrier, [HOST]);
  const { distributionId } = await before.distribute({ ...MEETING, hostUserId: HOST, participantUserIds: [dave, erin] });
  before.disconnect();
  const line = cuttable(carrier);
  const { made: host } = await connected(line.carrier);
  assert.ok((await host.distributions()).some((one) => one.distributionId === distributionId));
  const stands = new Map();
  const onProgress = (told) => {
    assert.equal(told.distributionId, distributionId);
    for (const { userId, status } of told.participants) stands.set(userId, status);
  };
  const { pendingUsers } = await host.distribution(distributionId, { follow: true, onProgress });
  assert.deepEqual(pendingUsers, [dave, erin]);
  const comes = async (user) => {
    const { made } = await connected(carrier, []);
    made.on("meeting:credentials", () => {});
    await made.authenticate(user);
    await until(`${user} to be told of`, () => stands.get(user) === "acknowledged");
  };
  await comes(dave);
  line.cut();
  await comes(erin);
});

overEach("one key is one distribution, and another's body is refused", async (carrier) => {
  const { made: host } = await connected(carrier);
  const about = { ...TO_ALICE, idempotencyKey: `key ${Math.random()}`.replace(" ", "-") };
  const [first, second] = [await host.distribute(about), await host.distribute(about)];
  assert.equal(first.distributionId, second.distributionId);
  assert.notEqual((await host.distribute(TO_ALICE)).distributionId, first.distributionId);
  await assert.rejects(host.distribute({ ...about, meetingId: "1234567891" }), { code: "idempotency_conflict" });
});

let push;

/** A server that answers as it is told, and pushes to whoever came last. */
async function server(answer) {
  const made = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  made.on("connection", (socket) => {
    const say = (event, data, id) => socket.send(JSON.stringify({ event, data, id }));
    push = say;
    socket.on("message", (text) => answer(say, JSON.parse(text)));
  });
  await once(made, "listening");
  const stop = () => {
    for (const socket of made.clients) socket.terminate();
    made.close();
  };
  return { url: `ws://127.0.0.1:${made.address().port}/ws`, stop };
}
