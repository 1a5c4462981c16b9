// The page's beginning: puts every part to work.

import { carriers, showTransports } from "./carriers.js";
import { byId } from "./dom.js";
import { distribution } from "./distribution.js";
import { explorer } from "./explorer.js";
import { refreshHealth, watchHealth } from "./http.js";
import { log } from "./log.js";
import { allPanes, arrange } from "./panes.js";
import { change, watch } from "./state.js";
import { showStatus } from "./status.js";
import { theme } from "./theme.js";

theme(byId("theme"));
log(byId("log"));
watch(showStatus);

let wasOpen = false;

// Whether the hub is there shows first at the connections.
function onChange() {
  showStatus();
  showTransports();
  const isOpen = allPanes().some((pane) => pane.isOpen);
  if (wasOpen && !isOpen) change({ health: null });
  if (isOpen && !wasOpen) refreshHealth();
  wasOpen = isOpen;
}

distribution(onChange);
watchHealth();
explorer(byId("explorer"));
await carriers(byId("carrier"));
arrange(byId("panes"), onChange);
