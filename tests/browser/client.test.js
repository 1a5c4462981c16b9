// The client library without a browser: answers, refusals, the end of a connection and coming back, against a real
// hub and over each carrier; and what only a server that can be told what to do shows.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { once } from "node:events";

import { WebSocketServer } from "ws";

import { HubError, afterClose, renewalSeconds, waitSeconds } from "../../static/client.js";
import { CARRIERS, client, disconnectAll, enters, next, overEach, withMistakes } from "./clients.js";
import { startHub, within } from "./hub.js";

const MEETING = { meetingId: "1234567890" };

let hub;
before(async () => {
  hub = await startHub();
});
after(() => hub?.stop());
afterEach(disconnectAll);

async function connected(carrier, userId) {
  const made = client(hub.socket, { carrier });
  await made.connect();
  if (userId) await made.authenticate(userId);
  return made;
}

/** An open session over Socket.IO's WebSocket. */
async function upgraded(made) {
  if (made.transport !== "websocket") assert.equal(await next(made, "transport"), "websocket");
}

overEach("a distribution: rows for the host, the ZAK by onStarted, the token to its owner", async (carrier) => {
  const [host, alice] = [await connected(carrier, "host@example.com"), await connected(carrier, "alice@example.com")];
  const pushed = next(alice, "meeting:credentials");
  let zak;
  const outcome = await host.distribute(
    { ...MEETING, hostUserId: "host@example.com", participantUserIds: ["alice@example.com", "nobody@example.com"], hold: false },
    { onStarted: ({ zakToken }) => { zak = zakToken; } },
  );
  const [here, absent] = outcome.participants;
  // Whichever comes first, the outcome or the receipt.
  assert.ok(["delivered", "acknowledged"].includes(here.status), here.status);
  assert.deepEqual([absent.status, absent.code], ["failed", "not_connected"]);
  assert.ok(zak);
  assert.ok((await pushed).obfToken);
});

overEach("onProgress is told how far each of two distributions is, and of each row once", async (carrier) => {
  const paced = await startHub({ env: { ZOOM_RATE_PER_SECOND: "6" } });
  try {
    const made = client(paced.socket, { carrier });
    await made.connect();
    const users = ["a", "b", "c", "d", "e"].map((name) => `${name}@example.com`);
    for (const user of users) await made.authenticate(user);
    const run = async (hostUserId, participantUserIds) => {
      const told = [];
      const about = { ...MEETING, hostUserId, participantUserIds };
      const { distributionId } = await made.distribute(about, { onProgress: (data) => told.push(data) });
      assert.deepEqual([...new Set(told.map((data) => data.distributionId))], [distributionId]);
      return told;
    };
    const [all, some] = await Promise.all([run("h@example.com", users), run("h@example.com", users.slice(0, 3))]);
    assert.deepEqual([all[0].total, some[0].total], [5, 3]);
    assert.ok(all[0].etaSeconds > 0);
    assert.ok(all.some(({ done }) => done > 0 && done < 5), JSON.stringify(all.map(({ done }) => done)));
    const rows = all.flatMap(({ participants }) => participants.map(({ userId }) => userId));
    assert.deepEqual([new Set(rows).size, all.at(-1).done], [rows.length, rows.length]);
  } finally {
    await paced.stop();
  }
});

test("a mistake in onStarted is its own: the other listeners are told, and the outcome comes", async () => {
  const host = await connected(CARRIERS.WebSocket, "host@example.com");
  const mistakes = await withMistakes(async () => {
    const started = next(host, "meeting:started");
    const outcome = await host.distribute(
      { ...MEETING, hostUserId: "host@example.com", participantUserIds: ["nobody@example.com"], hold: false },
      { onStarted: () => { throw new Error("a slip"); } },
    );
    assert.ok((await started).zakToken);
    assert.equal(outcome.failed, 1);
  });
  assert.deepEqual(mistakes, ["a slip"]);
});

overEach("answers that come in any order find their calls", async (carrier) => {
  const made = await connected(carrier);
  const users = ["slow.one@example.com", "a@example.com", "b@example.com"];
  const tokens = await Promise.all(users.map((participantUserId) => made.join({ ...MEETING, participantUserId })));
  const subjects = tokens.map(({ obfToken }) => JSON.parse(Buffer.from(obfToken.split(".")[1], "base64url")).sub);
  assert.deepEqual(subjects, users);
  assert.ok((await made.ping()) >= 0);
});

overEach("a refusal is an error with code, advice, Zoom's own words and details", async (carrier) => {
  const made = await connected(carrier);
  const refused = await made.join({ ...MEETING, participantUserId: "missing@example.com" }).catch((error) => error);
  assert.ok(refused instanceof HubError && refused instanceof Error);
  assert.deepEqual([refused.code, refused.retryable, refused.zoom.code], ["zoom_user_not_found", false, 1001]);
  assert.match(refused.message, /User does not exist/);
  const bad = await made.start({ meetingId: "1" }).catch((error) => error);
  assert.ok(bad.details.length > 0);
  await assert.rejects(made.authenticate("me"), { code: "invalid_user_id" });
});

overEach("4400 stays away until connect() is called, and what was pending is told", async (carrier) => {
  const made = await connected(carrier);
  const slow = assert.rejects(made.join({ ...MEETING, participantUserId: "slow@example.com" }), { code: "connection_closed" });
  const closed = enters(made, "closed");
  for (let times = 0; times < 3; times += 1) {
    // What is malformed over Socket.IO is an attachment: a text that is no packet is the end of the connection.
    if (carrier === CARRIERS.WebSocket) made.sendText("not JSON");
    else made.request("ping", { attached: new Uint8Array(1) }, { answer: "pong" }).catch(() => {});
  }
  assert.deepEqual((await closed).close, { code: 4400, reason: "malformed_frame", then: "stay" });
  await slow;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.equal(made.state, "closed");
  await assert.rejects(made.ping(), { code: "connection_closed" });
  await made.connect();
  assert.ok((await made.ping()) >= 0);
});

overEach("a message over the limit stays away", async (carrier) => {
  const made = await connected(carrier);
  const closed = enters(made, "closed");
  const long = made.request("ping", { long: "-".repeat(300_000) }, { answer: "pong" });
  await assert.rejects(long, { code: "connection_closed" });
  assert.equal((await closed).close.code, 1009);
});

overEach("4503 comes back to the next hub, authenticated, and calls made meanwhile wait for it", async (carrier) => {
  const first = await startHub();
  const made = client(first.socket, { carrier });
  await made.connect();
  await made.authenticate("alice@example.com");
  if (carrier === CARRIERS["Socket.IO"]) await upgraded(made);
  const waiting = enters(made, "waiting");
  await first.stop();
  const { close } = await waiting;
  assert.deepEqual(close, { code: 4503, reason: "shutting_down", then: "wait" });
  const meanwhile = made.join({ ...MEETING, participantUserId: "alice@example.com" });
  const again = next(made, "authenticated");
  const second = await startHub({ port: first.port });
  try {
    assert.equal((await again).userId, "alice@example.com");
    assert.ok((await meanwhile).obfToken);
    const pushed = next(made, "meeting:credentials");
    const host = client(second.socket);
    await host.connect();
    await host.distribute({ ...MEETING, hostUserId: "h@example.com", participantUserIds: ["alice@example.com"] });
    assert.ok((await pushed).obfToken);
  } finally {
    made.disconnect();
    await second.stop();
  }
});

overEach("who disconnects stays away", async (carrier) => {
  const made = await connected(carrier);
  const pending = assert.rejects(made.join({ ...MEETING, participantUserId: "slow@example.com" }), { code: "connection_closed" });
  made.disconnect();
  await pending;
  assert.equal(made.state, "closed");
});

overEach("a hub that isn't there is tried again until the deadline of who waits", async (carrier) => {
  const made = client("ws://127.0.0.1:9/ws", { carrier, connectSeconds: 0.6 });
  await assert.rejects(made.connect(), { code: "connection_lost" });
  assert.ok(["waiting", "connecting"].includes(made.state));
});

overEach("who was authenticated in vain is authenticated when the hub is there", async (carrier) => {
  const { port, stop } = await startHub();
  await stop();
  const made = client(`http://localhost:${port}`, { carrier, connectSeconds: 0.3, answerSeconds: 0.5 });
  await assert.rejects(made.connect(), { code: "connection_lost" });
  await assert.rejects(made.authenticate("alice@example.com"), { code: "connection_lost" });
  const authenticated = next(made, "authenticated");
  const late = await startHub({ port });
  try {
    assert.equal((await authenticated).userId, "alice@example.com");
  } finally {
    made.disconnect();
    await late.stop();
  }
});

test("over Socket.IO a session begins with polling and goes on by WebSocket; polling alone stays as it is", async () => {
  const made = client(hub.socket, { carrier: CARRIERS["Socket.IO"] });
  await made.connect();
  await upgraded(made);
  assert.ok((await made.ping()) >= 0);
  const polling = await connected(CARRIERS["polling alone"], "alice@example.com");
  assert.equal(polling.transport, "polling");
  polling.disconnect();
  assert.equal(polling.transport, undefined);
});

test("another carrier takes an open session over: who is authenticated stays so, what is pending is lost", async () => {
  const made = await connected(CARRIERS.WebSocket, "alice@example.com");
  for (const carrier of [CARRIERS["Socket.IO"], CARRIERS["polling alone"], CARRIERS.WebSocket]) {
    const pending = assert.rejects(made.join({ ...MEETING, participantUserId: "slow@example.com" }), { code: "connection_lost" });
    const authenticated = next(made, "authenticated");
    made.switchTo(carrier);
    await pending;
    assert.equal((await authenticated).userId, "alice@example.com");
    const host = await connected(carrier);
    const about = { ...MEETING, hostUserId: "h@example.com", participantUserIds: ["alice@example.com"] };
    const pushed = next(made, "meeting:credentials");
    assert.equal((await host.distribute(about)).successful, 1);
    assert.ok((await pushed).obfToken);
    const alone = async () => (await host.distribute(about)).participants[0].sessions === 1 || alone();
    await within(5000, "the session before to end", alone());
  }
  made.disconnect();
  made.switchTo(CARRIERS["Socket.IO"]);
  assert.equal(made.state, "closed");
});

overEach("two distributions of one session each have their own host's ZAK", async (carrier) => {
  const made = await connected(carrier);
  const run = async (meetingId) => {
    const started = [];
    const about = { meetingId, hostUserId: `host-${meetingId.slice(-1)}@example.com`, participantUserIds: ["nobody@example.com"] };
    await made.distribute(about, { onStarted: (data) => started.push(data) });
    return started.map(({ zakToken, ...data }) => [data.meetingId, JSON.parse(Buffer.from(zakToken.split(".")[1], "base64url")).sub]);
  };
  assert.deepEqual(await Promise.all(["123 456 7891", "1234567892"].map(run)), [
    [["1234567891", "host-1@example.com"]],
    [["1234567892", "host-2@example.com"]],
  ]);
});

test("back from sleep or online again: an open connection is tested, an absent one made at once", async () => {
  const [window, document] = [new EventTarget(), Object.assign(new EventTarget(), { visibilityState: "visible" })];
  Object.assign(globalThis, { window, document });
  let deaf = true;
  const { url, stop } = await server((socket) => {
    socket.on("message", (text) => {
      if (!deaf) socket.send(JSON.stringify({ event: "pong", data: {}, id: JSON.parse(text).id }));
    });
  });
  try {
    const made = client(url, { firstWaitSeconds: 60, longestWaitSeconds: 60, pingSeconds: 0.2 });
    await made.connect();
    const waiting = enters(made, "waiting");
    document.dispatchEvent(new Event("visibilitychange"));
    await waiting;
    deaf = false;
    const open = enters(made, "open");
    window.dispatchEvent(new Event("online"));
    await open;
    const latency = next(made, "latency");
    document.dispatchEvent(new Event("visibilitychange"));
    await latency;
  } finally {
    stop();
    delete globalThis.window;
    delete globalThis.document;
  }
});

test("the ranges of close codes, and waits that grow and are not the same for everybody", () => {
  for (const code of [4400, 4401, 4499, 1002, 1007, 1009]) assert.equal(afterClose(code), "stay");
  for (const code of [4500, 4503, 4507, 4508, 4599, 1000, 1001, 1006, 1011, 4000]) assert.equal(afterClose(code), "wait");
  for (const code of [4600, 4601, 4602, 4699]) assert.equal(afterClose(code), "renew");
  const options = { firstWaitSeconds: 1, longestWaitSeconds: 30 };
  assert.deepEqual([0, 1, 2, 9].map((attempt) => waitSeconds(attempt, options, () => 1)), [1, 2, 4, 30]);
  assert.deepEqual([0, 1, 2, 9].map((attempt) => waitSeconds(attempt, options, () => 0)), [0.5, 1, 2, 15]);
});

test("a credential is renewed before its own end, a short-lived one at half of what is left, at most once a second", () => {
  const HOUR = 3600;
  // What the hub takes for so long ends a minute earlier by itself.
  assert.deepEqual([0, 1].map((random) => renewalSeconds(HOUR + 60, () => random)), [HOUR - 60, HOUR - 120]);
  assert.deepEqual([0, 1].map((random) => renewalSeconds(160, () => random)), [90, 80]);
  assert.deepEqual([70, 60, 4, 1, 0].map((left) => renewalSeconds(left)), [35, 30, 2, 1, 1]);
  assert.ok(renewalSeconds(90 * 24 * HOUR) > 89 * 24 * HOUR);
});

/** A server that does what it is told with each connection. */
async function server(onConnection) {
  const made = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  made.on("connection", onConnection);
  await once(made, "listening");
  const stop = () => {
    for (const socket of made.clients) socket.terminate();
    made.close();
  };
  return { url: `ws://127.0.0.1:${made.address().port}/ws`, stop };
}

test("46xx asks for a fresh credential, at once and then after a wait, and stays away where nobody can get one", async () => {
  let connections = 0;
  const { url, stop } = await server((socket) => {
    connections += 1;
    if (connections < 4) socket.close(4601, "expired");
  });
  try {
    const made = client(url);
    const closed = enters(made, "closed");
    await made.connect();
    assert.deepEqual((await closed).close, { code: 4601, reason: "expired", then: "stay" });
    // The second and the third are closed, too, and the fourth lives.
    let asked = 0;
    const renewing = client(url, { getCredential: async () => `credential ${(asked += 1)}` });
    const waits = [];
    renewing.on("state", ({ state, retryAt }) => state === "waiting" && waits.push(retryAt - Date.now()));
    await renewing.connect();
    while (waits.length < 2) await enters(renewing, "waiting");
    await enters(renewing, "open");
    assert.equal(asked, 3);
    assert.ok(waits[0] <= 0 && waits[1] > 50, waits.join());
  } finally {
    stop();
  }
});

test("a connection that no longer answers is given up and made anew", async () => {
  let connections = 0;
  const { url, stop } = await server((socket) => {
    connections += 1;
    const deaf = connections === 1;
    socket.on("message", (text) => {
      const { event, id } = JSON.parse(text);
      if (event === "ping" && !deaf) socket.send(JSON.stringify({ event: "pong", data: {}, id }));
    });
  });
  try {
    const made = client(url, { heartbeatSeconds: 0.1, pingSeconds: 0.2 });
    const waiting = enters(made, "waiting");
    await made.connect();
    assert.equal((await waiting).close.code, 1006);
    await enters(made, "open");
    await next(made, "latency");
  } finally {
    stop();
  }
});

test("a call that is never answered ends at its deadline", async () => {
  const { url, stop } = await server(() => {});
  try {
    const made = client(url, { answerSeconds: 0.2 });
    await made.connect();
    await assert.rejects(made.join({ ...MEETING, participantUserId: "a@example.com" }), { code: "no_answer", retryable: true });
  } finally {
    stop();
  }
});

test("a distribution that goes on is waited for beyond its deadline, and one that stands still is not", async () => {
  const { url, stop } = await server((socket) => {
    socket.on("message", async (text) => {
      const { data, id } = JSON.parse(text);
      const say = (event, done) => socket.send(JSON.stringify({ event, data: { done, total: 8, participants: [] }, id }));
      for (let done = 1; done < 8; done += 1) {
        await new Promise((resolve) => setTimeout(resolve, 200));
        say("meeting:progress", done);
      }
      if (data.meetingId === MEETING.meetingId) say("meeting:distributed", 8);
    });
  });
  try {
    const made = client(url, { distributeSeconds: 1 });
    await made.connect();
    const told = [];
    const outcome = await made.distribute(MEETING, { onProgress: ({ done }) => told.push(done) });
    assert.deepEqual([outcome.done, told], [8, [1, 2, 3, 4, 5, 6, 7]]);
    // Whoever doesn't listen to progress waits as long.
    assert.equal((await made.distribute(MEETING)).done, 8);
    await assert.rejects(made.distribute({ meetingId: "1234567891" }), { code: "no_answer", retryable: true });
  } finally {
    stop();
  }
});
