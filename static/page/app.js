// The page's beginning: puts every part to work.

import { board } from "./board/board.js";
import { carriers, showTransports } from "./carriers.js";
import { credential } from "./credential.js";
import { byId } from "./dom.js";
import { distribution } from "./distribution.js";
import { explorer, leave } from "./explorer.js";
import { refreshHealth, watchHealth } from "./http.js";
import { log } from "./log.js";
import { overview } from "./overview/overview.js";
import { allPanes, arrange } from "./panes.js";
import { participant } from "./participant/participant.js";
import { change, state, watch } from "./state.js";
import { showStatus } from "./status.js";
import { theme } from "./theme.js";
import { onEnter, views } from "./views.js";

theme(byId("theme"));
log(byId("log"));
watch(showStatus);

const PATIENCE_MS = 5000;

let wasOpen = false;

// Whether the hub is there shows first at the connections.
function onChange() {
  showStatus();
  showTransports();
  const isOpen = allPanes().some((pane) => pane.isOpen);
  // Who was sent away, or left, was so by a hub that is there.
  const isLost = ({ hub }) => hub.state === "waiting" && hub.lastClose.then === "wait";
  if (wasOpen && !isOpen && allPanes().some(isLost)) change({ health: null });
  if (isOpen && !wasOpen) refreshHealth();
  wasOpen = isOpen;
}

const modeOf = (health) => (health?.auth === "jwt" ? "jwt" : "open");

distribution(onChange);
// How a connection is made depends on the mode. A hub that doesn't tell it in time is taken as one that asks nothing.
await Promise.race([watchHealth(), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
change({ auth: modeOf(state.health) });
watch(({ auth, health }) => {
  // Another mode is another hub: what this page has of the one before is void.
  if (health && modeOf(health) !== auth) location.reload();
});
const others = [board(byId("board")), participant(byId("participant")), overview(byId("overview"))];
credential(byId("credential"), () => {
  for (const pane of allPanes()) pane.identify();
  for (const view of others) view.identify();
  leave();
});
explorer(byId("explorer"));
await carriers(byId("carrier"));
// Whoever only looks at the board needs no connection of Alice's.
onEnter("try", () => {
  if (allPanes().length === 0) arrange(byId("panes"), onChange);
});
views();
