// The client library with credentials, against a real hub that asks for them and over each carrier: they are renewed
// before they end, made anew after the close codes that ask for it, and never shown.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { inspect } from "node:util";

import { CARRIERS, client, disconnectAll, enters, next, overEach } from "./clients.js";
import { forged, sign, startAskingHub } from "./credential.js";
import { within } from "./hub.js";

const MEETING = { meetingId: "1234567890" };
const ALICE = "alice@example.com";
/** What was signed for them before counts no more, for the rest of this file. */
const REVOKED = "revoked@example.com";

let hub;
before(async () => {
  hub = await startAskingHub({ RENEW_SECONDS: "0.6", AUTH_TIMEOUT_SECONDS: "1.5" });
});
after(() => hub?.stop());

/** All that was given to clients in a test, and all that they then let be seen. */
const given = [];
const seen = [];

afterEach(() => {
  disconnectAll();
  const shown = seen.splice(0).join("\n");
  for (const credential of given.splice(0)) assert.ok(!shown.includes(credential), `${credential} in ${shown}`);
});

/** A client whose getCredential is `give`, called with how often it was called before. */
function showing(give, options = {}) {
  let calls = 0;
  const getCredential = async () => {
    const credential = await give(calls++);
    if (typeof credential === "string") given.push(credential);
    return credential;
  };
  const made = client(hub.socket, { getCredential, ...options });
  const see = (what) => seen.push(inspect(what, { depth: 9, showHidden: true }));
  for (const event of ["frame", "state", "error", "authenticated"]) made.on(event, (...told) => see(told));
  const authenticate = (userId) => made.authenticate(userId).catch((error) => {
    see([error, error.stack, made]);
    throw error;
  });
  return { made, authenticate, calls: () => calls };
}

/** Sees that what belongs to this user arrives at the client. */
async function isServed(made, userId) {
  const pushed = next(made, "meeting:credentials");
  const { status } = await hub.post("/api/meetings/join", { ...MEETING, participantUserId: userId });
  assert.equal(status, 200);
  const { obfToken } = await pushed;
  assert.equal(JSON.parse(Buffer.from(obfToken.split(".")[1], "base64url")).sub, userId);
}

/** Waits until the clock is past this moment. */
async function past(moment) {
  while (Date.now() <= moment) await new Promise((resolve) => setTimeout(resolve, moment - Date.now() + 1));
}

overEach("a credential is renewed before it ends, and the session goes on, for each of its users", async (carrier) => {
  const role = "service";
  const give = (calls) => sign("bots@example.com", { role, seconds: calls === 0 ? 3 : 3600 });
  const { made, authenticate, calls } = showing(give, { carrier });
  const states = [];
  made.on("state", ({ state }) => states.push(state));
  await made.connect();
  const first = await authenticate(ALICE);
  await authenticate("bob@example.com");
  const renewed = [];
  await within(5000, "both to be renewed", new Promise((resolve) => {
    made.on("authenticated", (data) => renewed.push(data) === 2 && resolve());
  }));
  assert.ok(Date.now() < Date.parse(first.expiresAt), "before the end");
  await past(Date.parse(first.expiresAt));
  await isServed(made, ALICE);
  await isServed(made, "bob@example.com");
  assert.deepEqual(renewed.map(({ userId, socketId }) => [userId, socketId]),
    [[ALICE, first.socketId], ["bob@example.com", first.socketId]]);
  assert.ok(renewed.every(({ expiresAt }) => Date.parse(expiresAt) > Date.now() + 3_000_000));
  assert.deepEqual([states, calls()], [["connecting", "open"], 2]);
});

overEach("a call under way meanwhile has its answer", async (carrier) => {
  const { made, authenticate } = showing((calls) => sign("slow@example.com", { seconds: calls === 0 ? 2 : 3600 }), { carrier });
  await made.connect();
  await authenticate("slow@example.com");
  const renewed = next(made, "authenticated");
  const { obfToken } = await made.join({ ...MEETING, participantUserId: "slow@example.com" });
  await renewed;
  assert.ok(obfToken);
});

overEach("where getCredential fails the session lives on, and it is tried again", async (carrier) => {
  const give = (calls) => {
    if (calls === 1 || calls === 2) throw new Error("the backend is away");
    // An odd backend: another user's.
    return sign(calls === 3 ? "bob@example.com" : ALICE, { seconds: calls === 0 ? 4 : 3600 });
  };
  const { made, authenticate, calls } = showing(give, { carrier });
  await made.connect();
  const first = await authenticate(ALICE);
  const renewed = within(5000, "the renewal", new Promise((resolve) => {
    made.on("authenticated", (data) => data.expiresAt > first.expiresAt && resolve(data));
  }));
  assert.equal((await next(made, "error")).code, "forbidden");
  await made.ping();
  await authenticate(ALICE);
  assert.equal((await renewed).socketId, first.socketId);
  assert.ok(Date.now() < Date.parse(first.expiresAt), "before the end");
  assert.equal(calls(), 5);
  await isServed(made, ALICE);
});

overEach("the hub's word that a credential has ended is the last moment to renew it", async (carrier) => {
  let told = false;
  const give = (calls) => {
    if (calls === 1) throw new Error("the backend is away");
    return sign(ALICE, { seconds: calls === 0 ? 2 : 3600 });
  };
  // Who waits so long after a failure is too late.
  const { made, authenticate, calls } = showing(give, { carrier, firstWaitSeconds: 60, longestWaitSeconds: 60 });
  await made.connect();
  const { socketId } = await authenticate(ALICE);
  made.on("error", ({ code, event }) => {
    assert.deepEqual([code, event], ["credential_expired", undefined]);
    told = true;
  });
  const renewed = await next(made, "authenticated");
  assert.deepEqual([renewed.socketId, told, calls()], [socketId, true, 3]);
  await isServed(made, ALICE);
});

overEach("4601 comes back with a fresh credential, at once", async (carrier) => {
  // One that can be had again only once the hub has ended the session.
  let ended;
  const again = new Promise((resolve) => { ended = resolve; });
  const give = (calls) => (calls === 0 ? sign(ALICE, { seconds: 1 }) : again.then(() => sign(ALICE)));
  const { made, authenticate, calls } = showing(give, { carrier });
  await made.connect();
  const { socketId } = await authenticate(ALICE);
  const { close, retryAt } = await enters(made, "waiting");
  assert.deepEqual(close, { code: 4601, reason: "credential_expired", then: "renew" });
  assert.ok(retryAt - Date.now() <= 0);
  await enters(made, "connecting");
  const authenticated = next(made, "authenticated");
  ended();
  assert.notEqual((await authenticated).socketId, socketId);
  await isServed(made, ALICE);
  assert.equal(calls(), 2, "the call under way then serves the new connection");
});

overEach("4602 comes back until it has a credential that counts", async (carrier) => {
  const old = sign(REVOKED);
  let revoked = false;
  const waits = [];
  const give = () => (revoked && waits.length > 1 ? sign(REVOKED) : old);
  const { made, authenticate } = showing(give, { carrier });
  const closes = [];
  made.on("state", ({ state, close, retryAt }) => {
    if (state !== "waiting") return;
    closes.push([close.code, close.then]);
    waits.push(retryAt - Date.now());
  });
  await made.connect();
  await authenticate(REVOKED);
  const waiting = enters(made, "waiting");
  // What is signed in the second of the revocation is revoked, too.
  const revoking = hub.revoke(REVOKED).then(() => { revoked = true; });
  await waiting;
  const authenticated = next(made, "authenticated");
  await revoking;
  await authenticated;
  assert.ok(closes.length > 1 && closes.every(([code, then]) => code === 4602 && then === "renew"), closes.join(" "));
  assert.ok(waits[0] <= 0 && waits[1] > 50, waits.join());
  await isServed(made, REVOKED);
});

overEach("a bad credential stays away with 4401, and its call is told why", async (carrier) => {
  for (const give of [() => forged(ALICE), () => "no credential at all"]) {
    const { made, authenticate, calls } = showing(give, { carrier });
    const closed = enters(made, "closed");
    await made.connect();
    await assert.rejects(authenticate(ALICE), { code: "invalid_credential", retryable: false });
    assert.deepEqual((await closed).close, { code: 4401, reason: "invalid_credential", then: "stay" });
    await assert.rejects(made.ping(), { code: "connection_closed" });
    assert.equal(calls(), 1);
    // Asked to, it tries anew.
    await made.connect();
    assert.equal(calls(), 2);
  }
});

overEach("a credential that has ended already: the call is told, and made up for with the next", async (carrier) => {
  const give = (calls) => sign(ALICE, { seconds: calls === 0 ? -10 : 3600 });
  const { made, authenticate } = showing(give, { carrier });
  await made.connect();
  const authenticated = next(made, "authenticated");
  await assert.rejects(authenticate(ALICE), { code: "credential_expired", retryable: true });
  assert.equal((await authenticated).userId, ALICE);
  await isServed(made, ALICE);
});

overEach("a getCredential that fails for a while is waited for, and what it failed of is not quoted", async (carrier) => {
  const give = (calls) => {
    if (calls === 0) return JSON.parse(sign(ALICE));
    if (calls === 1) throw new Error(given[0]);
    if (calls === 2) return { token: sign(ALICE) };
    if (calls === 3) return new Promise(() => {});
    return sign(ALICE);
  };
  given.push(sign(ALICE));
  const { made, authenticate, calls } = showing(give, { carrier, answerSeconds: 1 });
  const reasons = [];
  made.on("state", ({ state, close }) => state === "waiting" && reasons.push(close.reason));
  await made.connect();
  assert.equal((await authenticate(ALICE)).userId, ALICE);
  assert.deepEqual(reasons, [
    "no credential: getCredential failed (SyntaxError)",
    "no credential: getCredential failed (Error)",
    "no credential: getCredential gave none",
    "no credential: getCredential failed (TimeoutError)",
  ]);
  assert.equal(calls(), 5);
});

overEach("each connection has its own call of getCredential, and who is away is authenticated by it", async (carrier) => {
  const { made, authenticate, calls } = showing(() => sign(ALICE), { carrier });
  await made.connect();
  await authenticate(ALICE);
  const authenticated = next(made, "authenticated");
  made.switchTo(carrier);
  await authenticated;
  assert.equal(calls(), 2);
  await isServed(made, ALICE);
});

overEach("null stays away, with the reason of the end before where there was one", async (carrier) => {
  const give = (calls) => (calls === 1 ? sign(ALICE, { seconds: 1 }) : null);
  const { made, authenticate, calls } = showing(give, { carrier });
  await assert.rejects(made.connect(), { code: "connection_closed" });
  assert.deepEqual(made.lastClose, { code: 0, reason: "no credential", then: "stay" });
  await made.connect();
  await authenticate(ALICE);
  const { close } = await enters(made, "closed");
  assert.deepEqual(close, { code: 4601, reason: "credential_expired", then: "stay" });
  assert.ok(calls() > 2);
});

overEach("a connection on which nobody authenticates comes back after 4508, after a wait", async (carrier) => {
  const { made } = showing(() => sign(ALICE), { carrier });
  await made.connect();
  const { close, retryAt } = await enters(made, "waiting");
  assert.deepEqual(close, { code: 4508, reason: "authentication_timeout", then: "wait" });
  assert.ok(retryAt - Date.now() > 20);
  await enters(made, "open");
});

overEach("frames show that there is a credential, and not which", async (carrier) => {
  const { made, authenticate } = showing(() => sign(ALICE), { carrier });
  const sent = [];
  made.on("frame", ({ direction, frame, text }) => direction === "out" && sent.push(frame ?? text));
  await made.connect();
  await authenticate(ALICE);
  assert.deepEqual(sent.map(({ event, data }) => [event, data]), [["authenticate", { userId: ALICE, acks: true, token: "••••••" }]]);
  const data = JSON.stringify({ userId: ALICE, token: sign(ALICE, { seconds: 1800 }) });
  given.push(JSON.parse(data).token);
  const again = next(made, "authenticated");
  made.sendText(carrier === CARRIERS.WebSocket ? `{"event": "authenticate", "data": ${data}}` : `2["authenticate",${data}]`);
  await again;
  assert.match(sent[1], /"userId":"alice@example\.com","token":"••••••"\}/);
});

test("without getCredential a session over a hub that asks is refused, and stays away when its credential ends", async () => {
  const made = client(hub.socket);
  await made.connect();
  await assert.rejects(made.authenticate(ALICE), { code: "not_authenticated", retryable: false });
  const closed = enters(made, "closed");
  const token = sign(ALICE, { seconds: 1 });
  await made.request("authenticate", { userId: ALICE, token }, { answer: "authenticated" });
  assert.deepEqual((await closed).close, { code: 4601, reason: "credential_expired", then: "stay" });
});
