// How a token is put to use: the call that joins by Zoom’s Meeting SDK for the web. The token in it is masked until
// somebody wants to see it; what is copied has it whole.

import { button, copy, el, svg } from "../dom.js";
import { masked } from "../tokens.js";

const WAYS = { "Client view": clientView, "Component view": componentView };

/** The block that says how, for one meeting. */
export class Joining {
  #meetingId;
  #userName;
  #token = "";
  #way = "Client view";
  #isRevealed = false;
  #code = el("code");
  #reveal = button("Reveal", { icon: "eye", class: "quiet", label: "Reveal the token in the code", "aria-pressed": "false" });
  #tabs = Object.keys(WAYS).map((way) => button(way, { class: "tab", onclick: () => this.#pick(way) }));

  constructor(meetingId, userId) {
    this.#meetingId = meetingId;
    this.#userName = userId.split("@")[0];
    this.#reveal.addEventListener("click", () => this.#show(!this.#isRevealed));
    const copying = button("Copy", { icon: "copy", class: "quiet", label: "Copy the code with the token in it" });
    copying.addEventListener("click", () => copy(this.#text(this.#token), copying));
    this.element = el(
      "details",
      { class: "joining" },
      el("summary", {}, "How to use it"),
      el("p", {}, "For an app that joins by Zoom’s Meeting SDK for the web. A token works once, and only while you are in the meeting yourself."),
      el("div", { class: "code-bar" }, this.#tabs, el("span", { class: "code-tools" }, this.#reveal, copying)),
      el("pre", {}, this.#code),
      el("p", { class: "meta" }, el("code", {}, "signature"), " comes from your own backend: a Meeting SDK JWT with role 0."),
    );
    this.#pick(this.#way);
  }

  /** Another token: nobody has asked to see that one yet. */
  take(token) {
    this.#token = token;
    this.#show(false);
  }

  #pick(way) {
    this.#way = way;
    for (const tab of this.#tabs) tab.setAttribute("aria-pressed", String(tab.textContent === way));
    this.#show(this.#isRevealed);
  }

  #show(isRevealed) {
    this.#isRevealed = isRevealed;
    this.#reveal.setAttribute("aria-pressed", String(isRevealed));
    this.#reveal.querySelector("svg").replaceWith(svg(isRevealed ? "hide" : "eye"));
    this.#code.textContent = this.#text(isRevealed ? this.#token : masked(this.#token));
  }

  #text(token) {
    return WAYS[this.#way]({ meetingNumber: this.#meetingId, userName: this.#userName, token });
  }
}

/** The whole window is Zoom’s. */
function clientView({ meetingNumber, userName, token }) {
  return [
    "ZoomMtg.join({",
    "  signature,",
    `  meetingNumber: ${JSON.stringify(meetingNumber)},`,
    '  passWord: "",',
    `  userName: ${JSON.stringify(userName)},`,
    `  obfToken: ${JSON.stringify(token)},`,
    '  success: () => console.log("joined"),',
    "  error: console.error,",
    "});",
  ].join("\n");
}

/** The meeting is a part of a page; the passcode is spelt otherwise there. */
function componentView({ meetingNumber, userName, token }) {
  return [
    "await client.join({",
    "  signature,",
    `  meetingNumber: ${JSON.stringify(meetingNumber)},`,
    '  password: "",',
    `  userName: ${JSON.stringify(userName)},`,
    `  obfToken: ${JSON.stringify(token)},`,
    "});",
  ].join("\n");
}
