// What this page's connections go over: chosen in a list, kept, and told of as it is. The page's connections are made
// here, so that a choice reaches all of them.

import { Hub, socketIO, webSocket } from "/client.js";

import { keep, kept } from "./choices.js";
import { asks, getCredential, spend } from "./credential.js";
import { announce, byId } from "./dom.js";
import { change, state } from "./state.js";

const CARRIERS = {
  websocket: async () => webSocket(),
  "socket.io": async () => socketIO(await io()),
  polling: async () => socketIO(await io(), { transports: ["polling"] }),
};
const NAMES = Object.keys(CARRIERS);

/** A browser makes six connections to a host, in all its tabs; a poll that waits takes one, and one is for all else. */
const MOST_POLLING = 5;

const hubs = new Set();
let carrier = webSocket();

/** A connection to this hub, once it is asked to connect. */
export function connection(options) {
  const hub = new Hub(new URL("/ws", location.href), { ...options, carrier, ...(asks() ? { getCredential } : {}) });
  hub.on("state", ({ close }) => {
    if (close?.then === "renew") spend(close.reason);
  });
  hubs.add(hub);
  return hub;
}

/** Ends a connection that the page has no more use for. */
export function drop(hub) {
  hub.disconnect();
  hubs.delete(hub);
}

/** Whether the browser lets one more connection be made. */
export function hasRoomFor(hub) {
  return state.carrier !== "polling" || [...hubs].filter((other) => other !== hub && isLive(other)).length < MOST_POLLING;
}

function isLive(hub) {
  return !["idle", "closed"].includes(hub.state);
}

/** The browser's client for Socket.IO: only those who choose it fetch it. */
async function io() {
  const module = await import("/socket.io/socket.io.esm.min.js");
  return module.io;
}

/** Puts the list to work, and what was chosen last time into use. */
export async function carriers(select) {
  select.value = kept("carrier", NAMES);
  select.addEventListener("change", async () => {
    await use(select);
    keep("carrier", state.carrier);
  });
  if (select.value !== state.carrier) await use(select);
}

async function use(select) {
  const wanted = select.value;
  byId("carrier-error").textContent = "";
  const made = await CARRIERS[wanted]().catch(() => null);
  // Something else may have been chosen meanwhile.
  if (select.value !== wanted) return;
  if (made) {
    switchTo(wanted, made);
    announce(`Connections over ${select.selectedOptions[0].textContent}`);
  } else {
    select.value = state.carrier;
    byId("carrier-error").textContent = "The client for Socket.IO could not be fetched from the hub.";
  }
}

function switchTo(wanted, made) {
  carrier = made;
  change({ carrier: wanted });
  // The host's is the first, and stays.
  for (const hub of [...hubs].reverse()) {
    if (isLive(hub) && !hasRoomFor(hub)) {
      hub.disconnect();
      byId("carrier-error").textContent = `Polling is for ${MOST_POLLING} connections of one browser: the others were ended.`;
    }
  }
  for (const hub of hubs) hub.switchTo(carrier);
}

/** Says what the open connections go over at this moment. */
export function showTransports() {
  const open = [...hubs].filter((hub) => hub.state === "open");
  const upgraded = open.filter((hub) => hub.transport === "websocket").length;
  const words =
    open.length === 0 ? ""
    : upgraded === 0 || upgraded === open.length ? `In use: ${transportOf(open[0])}`
    : `In use: polling, and websocket for ${upgraded} of ${open.length}`;
  if (byId("transport").textContent !== words) byId("transport").textContent = words;
}

/** What an open connection goes over, and what it began with. */
export function transportOf(hub) {
  return state.carrier === "socket.io" && hub.transport === "websocket" ? "polling → websocket" : hub.transport;
}
