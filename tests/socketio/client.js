// A Socket.IO client that forgets nothing: what it was sent waits until a test takes it.

import assert from "node:assert/strict";
import { io } from "socket.io-client";

import { within } from "../browser/hub.js";

/** How clients connect: as they do by themselves, by polling alone, by WebSocket alone. */
export const WAYS = {
  "default options": {},
  "polling only": { transports: ["polling"] },
  "websocket only": { transports: ["websocket"] },
};

/** How long a test may take. */
export const LIMIT = { timeout: 30_000 };

const PATIENCE_MS = 15_000;
const open = new Set();

/** A client of its own connection. Its events, `connect`, `disconnect` and `connect_error` are kept until taken. */
export function connect(origin, options = {}) {
  const socket = io(origin, { forceNew: true, ...options });
  const kept = [];
  const waiting = [];
  function keep(name, data) {
    const first = waiting.findIndex((wanted) => wanted.name === name);
    if (first < 0) kept.push({ name, data });
    else waiting.splice(first, 1)[0].resolve(data);
  }
  socket.onAny(keep);
  for (const name of ["connect", "disconnect", "connect_error"]) socket.on(name, (data) => keep(name, data));
  open.add(socket);
  return {
    socket,
    /** What is here and nobody took yet. */
    kept,
    /** The name of what carries it now. */
    transport: () => socket.io.engine.transport.name,
    /** The next of these events: the oldest that is kept, or one that is to come. */
    take(name, ms = PATIENCE_MS) {
      const first = kept.findIndex((event) => event.name === name);
      if (first >= 0) return Promise.resolve(kept.splice(first, 1)[0].data);
      const { promise, resolve } = deferred();
      waiting.push({ name, resolve });
      const seen = () => JSON.stringify(kept.map((event) => event.name));
      return within(ms, `${name}, with ${seen()} here`, promise);
    },
    /** Sends an event and returns what its acknowledgement was called with. */
    ask: (...event) => socket.timeout(PATIENCE_MS).emitWithAck(...event),
  };
}

/** A client that is connected and has authenticated as this user. */
export async function connectAs(userId, origin, options) {
  const client = connect(origin, options);
  client.socket.on("connect", () => client.socket.emit("authenticate", { userId }));
  await client.take("authenticated");
  return client;
}

/** Resolves once an upgrade to WebSocket has been made. */
export async function upgraded(client) {
  const { engine } = client.socket.io;
  if (engine.transport.name === "websocket") return;
  const { promise, resolve } = deferred();
  engine.once("upgrade", resolve);
  await within(PATIENCE_MS, "the upgrade", promise);
}

/** Ends every client there is, and sees that the hub has none left. */
export async function disconnectAll(hub) {
  for (const socket of open) socket.disconnect();
  open.clear();
  if (hub) await until(async () => (await presence(hub)).sessions === 0, "the hub to have no session left");
}

/** What the simulator wrote into a token. */
export function claims(token) {
  return JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
}

/** Sees that this is the token of that user, of this kind. */
export function owns(userId, token, kind) {
  const { sub, type } = claims(token);
  assert.deepEqual({ sub, type }, { sub: userId, type: kind });
}

/** Who is connected, as the hub tells. */
export async function presence(hub) {
  const { sessions, users } = await (await fetch(`${hub.origin}/api/health`)).json();
  return { sessions, users };
}

/** Waits until something holds. */
export async function until(holds, what, ms = PATIENCE_MS) {
  const deadline = Date.now() + ms;
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, `waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function deferred() {
  let resolve;
  const promise = new Promise((done) => { resolve = done; });
  return { promise, resolve };
}
