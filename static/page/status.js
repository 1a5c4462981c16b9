// The chips at the top: where tokens come from, whether Zoom let the hub in, this page's connections, the latency.

import { byId, chip, el, fill, shortly } from "./dom.js";
import { allPanes } from "./panes.js";
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
  const words = [
    health ? null : ["bad", "Hub unreachable"],
    health && health.mode === "simulator" ? ["sim", "Simulator"] : null,
    health && health.mode === "zoom" ? ["plain", "Zoom"] : null,
    health ? (health.zoom === "connected" ? ["good", "Zoom login OK"] : ["bad", "No Zoom login"]) : null,
    [waiting ? "warn" : open ? "good" : "plain", `${open} of ${panes.length} connected`],
    latency === undefined ? null : ["plain", shortly(latency), "clock", "Latency"],
  ].filter(Boolean);
  if (health?.mode === "simulator" && health.zoom === "connected") words.splice(1, 1);
  const now = JSON.stringify(words);
  if (now === told) return;
  told = now;
  fill(byId("status"), words.map(([kind, text, icon, label]) => chip(kind, [label ? hidden(label) : "", text], icon)));
  byId("about").textContent = health?.version ? `Zoom Token Hub ${health.version}` : "Zoom Token Hub";
  const simulated = health?.mode === "simulator";
  fill(
    byId("run-hint"),
    !health ? "The hub can’t be reached right now; this page keeps trying."
    : simulated ? "Runs on the built-in simulator: no Zoom account is used, and its tokens open no meeting."
    : "This hub is connected to Zoom: fill in users of your own account first. Tokens will be real.",
    health?.error ? el("span", { class: "error-text" }, ` ${health.error}`) : null,
  );
}
