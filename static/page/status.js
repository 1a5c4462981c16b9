// The chips at the top: where tokens come from, whether Zoom let the hub in, this page's connections, the latency.

import { byId, chip, el, fill, shortly } from "./dom.js";
import { allPanes } from "./panes.js";
import { asks } from "./credential.js";
import { state } from "./state.js";

const hidden = (label) => el("span", { class: "visually-hidden" }, `${label} `);

let told = "";

/** Draws them anew, where something has changed. */
export function showStatus() {
  const panes = allPanes();
  const open = panes.filter((pane) => pane.isOpen).length;
  const waiting = panes.some((pane) => ["waiting", "connecting"].includes(pane.hub.state));
  const latency = panes.map((pane) => pane.latency).find((ms) => ms !== null);
  const { health } = state;
  const simulated = health?.mode === "simulator";
  const words = [];
  if (health === null) words.push(["bad", "Hub unreachable"]);
  else if (health) {
    words.push(simulated ? ["sim", "Simulator"] : ["plain", "Zoom"]);
    if (health.zoom !== "connected") words.push(["bad", "No login"]);
    else if (!simulated) words.push(["good", "Logged in"]);
  }
  if (panes.length) words.push([waiting ? "warn" : open ? "good" : "plain", `${open} of ${panes.length} connected`]);
  if (latency !== undefined) words.push(["plain", shortly(latency), "clock", "Latency"]);
  // The warning stands until the hub says that it asks for credentials: where that isn't known, better one too many.
  byId("open-mode").hidden = health ? health.auth === "jwt" : asks();
  const hint = health === undefined ? ""
    : asks() && !state.credential ? "This hub asks for a credential: paste one above first."
    : !health ? "The hub can’t be reached right now; this page keeps trying."
    : simulated ? "Runs on the built-in simulator: no Zoom account is used, and its tokens open no meeting."
    : "This hub gets real tokens from Zoom: fill in users of your own account first.";
  const now = JSON.stringify([words, hint, health?.error]);
  if (now === told) return;
  told = now;
  fill(byId("status"), words.map(([kind, text, icon, label]) => chip(kind, [label ? hidden(label) : "", text], icon)));
  fill(byId("run-hint"), hint, health?.error ? el("span", { class: "error-text" }, ` ${health.error}`) : null);
  byId("about").textContent = health?.version ? `Zoom Token Hub ${health.version}` : "Zoom Token Hub";
}
