// A hub that asks for credentials, and clients that show theirs as Socket.IO has it: in `auth`, which the client calls
// for each connection anew. What it is good for, how it ends, and that nobody gets by with another's.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, afterEach, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { forged, sign, startAskingHub } from "../browser/credential.js";
import { LIMIT, WAYS, connect, disconnectAll, owns, until } from "./client.js";

const meetingId = "1234567890";
const HOST = "host@example.com";
const ALICE = "alice@example.com";
const BOB = "bob@example.com";

let hub;
before(async () => {
  hub = await startAskingHub({ RENEW_SECONDS: "1.5", AUTH_TIMEOUT_SECONDS: "1.5" });
});
afterEach(() => disconnectAll(hub));
after(() => hub?.stop());

/** A client whose `auth` is called with how often it was called before, and gives a credential or a promise of one. */
function showing(give, options) {
  let calls = 0;
  const auth = async (show) => show({ token: await give(calls++) });
  return Object.assign(connect(hub.origin, { ...options, auth, reconnectionDelay: 50 }), { calls: () => calls });
}

/** Sees that what is this user's arrives at the client, when a service has it minted. */
async function isServed(client, userId) {
  const { success } = await hub.post("/api/meetings/join", { meetingId, participantUserId: userId });
  assert.equal(success, true);
  owns(userId, (await client.take("meeting:credentials")).obfToken, "onbehalf");
}

/** How often Zoom was asked for a token. */
async function asked() {
  const { zakCalls, obfCalls } = await hub.seen();
  return zakCalls + obfCalls;
}

for (const [way, options] of Object.entries(WAYS)) {
  test(`${way}: auth identifies at once, and what is the user's arrives`, LIMIT, async () => {
    const host = showing(() => sign(HOST, { role: "host" }), options);
    const alice = showing(() => sign("Alice@example.com", { meetings: [meetingId] }), options);
    const { userId, socketId, role, expiresAt } = await alice.take("authenticated");
    assert.deepEqual({ userId, socketId, role },
      { userId: "Alice@example.com", socketId: alice.socket.id, role: "participant" });
    assert.ok(Math.abs(Date.parse(expiresAt) - Date.now() - 3_600_000) < 10_000, expiresAt);
    assert.equal((await host.take("authenticated")).role, "host");

    owns(ALICE, (await alice.ask("meeting:join", { meetingId, participantUserId: ALICE })).obfToken, "onbehalf");
    await alice.take("meeting:credentials");
    await isServed(alice, ALICE);
    await hub.post("/api/meetings/start", { meetingId, hostUserId: HOST });
    owns(HOST, (await host.take("meeting:started")).zakToken, "zak");
    const { successful } = await host.ask("meeting:distribute", { meetingId, hostUserId: HOST, participantUserIds: [ALICE] });
    assert.equal(successful, 1);
    owns(ALICE, (await alice.take("meeting:credentials")).obfToken, "onbehalf");
    await alice.ask("ping");
    assert.deepEqual(alice.kept.map(({ name }) => name), ["connect", "pong"]);
  });

  test(`${way}: a credential that has ended is told, and renewed on the same connection`, LIMIT, async () => {
    const alice = showing(() => sign(ALICE, { seconds: 2 }), options);
    const { expiresAt } = await alice.take("authenticated");
    const { code, event, retryable } = await alice.take("error");
    assert.deepEqual({ code, event, retryable }, { code: "credential_expired", event: undefined, retryable: true });
    assert.ok(Date.now() >= Date.parse(expiresAt));
    // Until it is renewed nothing else is taken, and nothing pushed.
    assert.equal((await alice.ask("meeting:join", { meetingId, participantUserId: ALICE })).code, "credential_expired");
    await hub.post("/api/meetings/join", { meetingId, participantUserId: ALICE });
    const renewed = await alice.ask("authenticate", { userId: ALICE, token: sign(ALICE) });
    assert.equal(renewed.socketId, alice.socket.id);
    assert.ok(renewed.expiresAt > expiresAt);
    assert.equal(alice.kept.some(({ name }) => name === "meeting:credentials"), false);
    await isServed(alice, ALICE);
    // Past the moment at which it would have been closed.
    await until(() => Date.now() > Date.parse(expiresAt) + 2_000, "the end of the time to renew");
    await isServed(alice, ALICE);
    assert.equal(alice.kept.some(({ name }) => name === "disconnect"), false);
    assert.equal(alice.calls(), 1);
  });

  test(`${way}: one that isn't renewed ends the connection, and the client comes back with a fresh one`, LIMIT, async () => {
    const alice = showing((calls) => sign(ALICE, { seconds: calls === 0 ? 1 : 3600 }), options);
    const { socketId } = await alice.take("authenticated");
    for (const message of ["The credential has expired", "The session ends: credential_expired"]) {
      const error = await alice.take("error");
      assert.deepEqual([error.code, error.message], ["credential_expired", message]);
    }
    assert.equal(await alice.take("disconnect"), "transport close");
    const again = await alice.take("authenticated");
    assert.notEqual(again.socketId, socketId);
    assert.equal(alice.calls(), 2);
    await isServed(alice, ALICE);
  });

  test(`${way}: who is revoked comes back with what was signed since, and not with what was revoked`, LIMIT, async () => {
    const erin = `erin.${way.replaceAll(" ", ".")}@example.com`;
    const old = sign(erin);
    let revoking;
    const fresh = showing((calls) => (calls === 0 ? old : revoking.then(() => sign(erin))), options);
    const stale = showing(() => old, options);
    await Promise.all([fresh, stale].map((client) => client.take("authenticated")));
    revoking = hub.revoke(erin);
    for (const client of [fresh, stale]) {
      assert.equal((await client.take("error")).code, "credential_revoked");
      assert.equal(await client.take("disconnect"), "transport close");
    }
    assert.equal((await revoking).ended, 2);
    assert.equal((await fresh.take("authenticated")).userId, erin);
    await isServed(fresh, erin);
    const { message, data } = await stale.take("connect_error");
    assert.equal(message, "credential_revoked");
    assert.deepEqual(data, { code: "credential_revoked", message: "The credential was revoked", retryable: true });
    assert.equal(stale.socket.connected, false);
  });

  test(`${way}: a forged credential is refused, and its client stays away`, LIMIT, async () => {
    for (const token of [forged(ALICE), forged(HOST, { role: "service" }), "no credential at all"]) {
      const nobody = showing(() => token, options);
      const { message, data } = await nobody.take("connect_error");
      assert.equal(message, "invalid_credential");
      // Which way it is wrong is not told.
      assert.deepEqual(data, { code: "invalid_credential", message: "The credential is not valid", retryable: false });
      assert.deepEqual([nobody.socket.active, nobody.calls()], [false, 1]);
    }
  });

  test(`${way}: a stolen credential of a participant gets nothing of anybody else's`, LIMIT, async () => {
    const stolen = sign(ALICE, { meetings: [meetingId] });
    const thief = showing(() => stolen, options);
    const bob = showing(() => sign(BOB), options);
    await Promise.all([thief, bob].map((client) => client.take("authenticated")));
    const before = await asked();
    const events = [
      ["meeting:start", { meetingId, hostUserId: HOST }],
      ["meeting:start", { meetingId, hostUserId: ALICE }],
      ["meeting:join", { meetingId, participantUserId: BOB }],
      ["meeting:join", { meetingId: "9876543210", participantUserId: ALICE }],
      ["meeting:distribute", { meetingId, hostUserId: HOST, participantUserIds: [ALICE] }],
      ["meeting:distribute", { meetingId, hostUserId: ALICE, participantUserIds: [BOB] }],
      ["authenticate", { userId: BOB }],
      ["authenticate", { userId: BOB, token: stolen }],
      // Not even with one that is bob's: the session is alice's.
      ["authenticate", { userId: BOB, token: sign(BOB) }],
    ];
    for (const [event, data] of events) {
      assert.equal((await thief.ask(event, data)).code, "forbidden", `${event} ${JSON.stringify(data)}`);
    }
    const calls = [
      ["/api/meetings/start", { meetingId, hostUserId: HOST }],
      ["/api/meetings/start", { meetingId, hostUserId: ALICE }],
      ["/api/meetings/join", { meetingId, participantUserId: BOB }],
      ["/api/meetings/batch-join", { meetingId, participantUserIds: [ALICE] }],
      ["/api/meetings/setup", { meetingId, hostUserId: HOST, participantUserIds: [BOB] }],
      ["/api/meetings/distribute", { meetingId, hostUserId: HOST, participantUserIds: [ALICE, BOB] }],
      ["/api/sessions/revoke", { userId: BOB }],
    ];
    for (const [path, body] of calls) {
      const { status, code } = await hub.post(path, body, stolen);
      assert.deepEqual([status, code], [403, "forbidden"], `${path} ${JSON.stringify(body)}`);
    }
    assert.equal(await asked(), before, "nothing was minted");
    await isServed(bob, BOB);
    // What is alice's own it does get, until it is revoked or ends.
    owns(ALICE, (await thief.ask("meeting:join", { meetingId, participantUserId: ALICE })).obfToken, "onbehalf");
    const got = thief.kept.filter(({ name }) => name.startsWith("meeting:"));
    assert.deepEqual(got.map(({ name }) => name), ["meeting:credentials"]);
    owns(ALICE, got[0].data.obfToken, "onbehalf");
  });

  test(`${way}: who shows nothing is asked for it, and sent back to the start`, LIMIT, async () => {
    const nobody = connect(hub.origin, { ...options, reconnectionDelay: 50 });
    await nobody.take("connect");
    for (const event of ["meeting:join", "authenticate"]) {
      const refused = await nobody.ask(event, { meetingId, participantUserId: ALICE, userId: ALICE });
      assert.equal(refused.code, "not_authenticated", event);
      await nobody.take("error");
    }
    assert.equal((await nobody.take("error")).code, "authentication_timeout");
    assert.equal(await nobody.take("disconnect"), "transport close");
    await nobody.take("connect");
    const late = await nobody.ask("authenticate", { userId: ALICE, token: sign(ALICE) });
    assert.equal(late.userId, ALICE);
    await isServed(nobody, ALICE);
  });
}

const WALK = fileURLToPath(new URL("credential.py", import.meta.url));

for (const [way, { transports = [] }] of Object.entries(WAYS)) {
  test(`${way}: Python's client shows its credential`, { timeout: 60_000 }, async () => {
    const tokens = { TOKEN: sign(ALICE), FORGED: forged(ALICE), SERVICE: sign("service@example.com", { role: "service" }) };
    const env = { ...process.env, PYTHONPATH: process.env.PYTHON_MODULES, ...tokens };
    const walk = promisify(execFile)("python3", [WALK, hub.origin, ...transports], { env, timeout: 50_000 });
    const { stdout } = await walk;
    assert.equal(stdout, "walked\n");
  });
}
