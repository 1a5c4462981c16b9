// The client library in Node: over each carrier, with short waits, and waited for.

import { test } from "node:test";

import { io } from "socket.io-client";
import WebSocket from "ws";

import { Hub, socketIO, webSocket } from "../../static/client.js";
import { within } from "./hub.js";

const FAST = { WebSocket: globalThis.WebSocket ?? WebSocket, firstWaitSeconds: 0.1, longestWaitSeconds: 0.4 };

export const CARRIERS = {
  WebSocket: webSocket(FAST.WebSocket),
  "Socket.IO": socketIO(io),
  "polling alone": socketIO(io, { transports: ["polling"] }),
};

const clients = [];

/** A client that is not connected yet. */
export function client(url, options = {}) {
  const made = new Hub(url, { ...FAST, ...options });
  clients.push(made);
  return made;
}

/** Ends every client there is. */
export function disconnectAll() {
  for (const client of clients.splice(0)) client.disconnect();
}

/** A test of each carrier's own. */
export function overEach(name, act) {
  for (const [carrierName, carrier] of Object.entries(CARRIERS)) test(`${carrierName}: ${name}`, () => act(carrier));
}

/** The next time that the client is in this state. */
export function enters(made, state) {
  return within(10_000, state, new Promise((resolve) => {
    const off = made.on("state", (now) => {
      if (now.state === state) {
        off();
        resolve(now);
      }
    });
  }));
}

/** The next event of this name. */
export function next(made, event) {
  return within(5000, event, new Promise((resolve) => {
    const off = made.on(event, (data) => {
      off();
      resolve(data);
    });
  }));
}

/** A carrier whose connection can be cut. */
export function cuttable(carrier) {
  let cut;
  const made = (url, on) => {
    const link = carrier(url, on);
    cut = () => {
      link.close();
      on.close({ code: 1006, reason: "" });
    };
    return link;
  };
  return { carrier: made, cut: () => cut() };
}

/** Does it where a listener's mistake is nobody's but its own. */
export async function withMistakes(act) {
  const real = globalThis.queueMicrotask;
  const mistakes = [];
  globalThis.queueMicrotask = (task) => real(() => {
    try {
      task();
    } catch (error) {
      mistakes.push(error.message);
    }
  });
  try {
    await act();
  } finally {
    globalThis.queueMicrotask = real;
  }
  return mistakes;
}
