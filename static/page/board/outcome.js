// The top of a board whose distribution has begun: how many have their token, how far it is, the host's own token, and what
// the connection is doing.

import { button, chip, el, fill } from "../dom.js";
import { isSimulated } from "../http.js";
import { spaced } from "../state.js";
import { tokenCard } from "../tokens.js";
import { whyClosed } from "../words.js";

const CONNECTION = {
  open: ["good", "Live"],
  connecting: ["busy", "Connecting"],
  waiting: ["warn", "Reconnecting"],
  idle: ["plain", "Not connected"],
  closed: ["bad", "Not connected"],
};

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

/** Whether the board is live, and what it does about it where it is not. */
export function lineState(onAgain) {
  const place = el("div", { class: "board-line" });
  let ticking = 0;
  const show = (hub) => {
    clearInterval(ticking);
    if (!hub) return fill(place);
    const { state, lastClose } = hub;
    const [kind, word] = CONNECTION[state];
    const why = el("span", { class: "board-line-why" });
    const again = button(state === "waiting" ? "Reconnect now" : "Reconnect", { icon: "plug", class: "accent", onclick: onAgain });
    const had = place.contains(document.activeElement);
    fill(place, chip(kind, word), state === "waiting" || state === "closed" ? [why, again] : null);
    if (had) place.querySelector("button")?.focus();
    const tell = () => {
      const seconds = Math.max(0, Math.ceil((hub.retryAt - Date.now()) / 1000));
      why.textContent = state === "waiting" ? `${whyClosed(lastClose)} Next attempt in ${seconds} s.` : whyClosed(lastClose);
    };
    tell();
    if (state === "waiting") ticking = setInterval(tell, 500);
  };
  return { element: place, show };
}

export class Outcome {
  #title = el("h2", { class: "board-score", tabindex: "-1" });
  #about = el("p", { class: "board-about" });
  #bar = el("div", { class: "board-bar", role: "progressbar", "aria-label": "People who have their token", "aria-valuemin": "0" });
  #shares = Object.fromEntries(["have", "awaited", "failed"].map((name) => [name, el("i", { class: name })]));
  #zak = el("div", { class: "board-zak" });
  #what = el("p", { class: "board-what" });
  #cancel;

  constructor({ onCancel, onZak, onNew }) {
    this.onZak = onZak;
    this.#cancel = button("Stop waiting", { class: "quiet", hidden: true, onclick: onCancel });
    this.#bar.append(...Object.values(this.#shares));
    this.element = el(
      "section",
      { class: "card board-outcome", "aria-label": "Outcome" },
      el("div", { class: "board-outcome-head" }, this.#what, button("New list", { class: "quiet", onclick: onNew })),
      this.#title,
      this.#bar,
      el("div", { class: "board-outcome-foot" }, this.#about, this.#cancel),
      this.#zak,
    );
    this.forgetZak();
  }

  /** Another distribution's board. */
  begin({ meetingId, hostUserId, startedAt }) {
    fill(
      this.#what,
      el("strong", {}, `Meeting ${spaced(meetingId)}`),
      el("span", {}, ` · ${hostUserId}${startedAt ? ` · since ${clock.format(startedAt)}` : ""}`),
    );
  }

  /** No host's token is here yet. It comes before the distribution has begun. */
  forgetZak() {
    fill(this.#zak, button("Get the host’s ZAK token", { icon: "fresh", class: "quiet", onclick: this.onZak }));
  }

  /** How it stands: counts as `Rows` has them, seconds that are left, whether it is under way. */
  show({ all, have, awaited, failed, queued, acknowledged }, { eta, isRunning }) {
    const title = `${have} of ${all}`;
    if (this.#title.dataset.now !== title) {
      this.#title.dataset.now = title;
      fill(this.#title, el("span", { class: "big" }, title), el("span", {}, all === 1 ? " has a token" : " have their token"));
    }
    const left = eta >= 90 ? `${Math.round(eta / 60)} min` : `${eta} s`;
    const words = [
      isRunning ? (queued ? `${queued} in line${eta > 0 ? `, about ${left}` : ""}` : "Begins…") : "",
      acknowledged ? `${acknowledged} confirmed` : "",
      awaited ? `${awaited} awaited` : "",
      failed ? `${failed} failed` : "",
    ].filter(Boolean);
    this.#about.textContent = words.join(" · ");
    this.#bar.setAttribute("aria-valuemax", String(all));
    this.#bar.setAttribute("aria-valuenow", String(have));
    this.#bar.setAttribute("aria-valuetext", `${title}. ${words.join(", ")}`);
    for (const [name, many] of Object.entries({ have, awaited, failed })) {
      this.#shares[name].style.setProperty("--share", String(all ? many / all : 0));
    }
    this.element.classList.toggle("running", isRunning);
    const had = this.#cancel === document.activeElement;
    this.#cancel.hidden = awaited + queued === 0;
    this.#cancel.lastChild.textContent = isRunning ? "Cancel" : `Stop waiting for ${awaited}`;
    if (had && this.#cancel.hidden) this.#title.focus();
  }

  /** The host's token has come. */
  zak(data, hostUserId) {
    const card = tokenCard({
      ...data, kind: "ZAK", token: data.zakToken, userId: hostUserId, simulated: isSimulated(), onFresh: this.onZak,
    });
    fill(this.#zak, el("details", {}, el("summary", {}, "The host’s own token (ZAK)"), card));
  }
}
