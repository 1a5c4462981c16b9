// What is to be distributed, before it is: the meeting, the host, and the list of people as it was pasted, with what is
// wrong in it. The draft outlives a reload in this tab's own storage, and nowhere else.

import { asks } from "../credential.js";
import { button, el, fill, svg } from "../dom.js";
import { isSimulated } from "../http.js";
import { state, watch } from "../state.js";
import { roster } from "./roster.js";

const DRAFT = "board";
/** A list larger than this is no list. */
const LARGEST_FILE = 4 * 2 ** 20;

const EXAMPLE = {
  meetingId: "123 456 7890",
  hostUserId: "host@example.com",
  people: [
    "name,email",
    ...["Ada Lovelace", "Alan Turing", "Barbara Liskov", "Donald Knuth", "Edsger Dijkstra", "Frances Allen", "Grace Hopper",
      "Hedy Lamarr", "John Backus", "Katherine Johnson", "Ken Thompson", "Margaret Hamilton", "Niklaus Wirth", "Radia Perlman",
      "Tim Berners-Lee"].map((name) => `${name},${name.toLowerCase().replace(/[^a-z]+/g, ".")}@example.com`),
    "Nobody,missing.person@example.com",
  ].join("\n"),
};

export class Plan {
  #fields = {
    meetingId: el("input", { name: "meetingId", inputmode: "numeric", autocomplete: "off", spellcheck: "false", placeholder: "123 456 7890" }),
    hostUserId: el("input", { name: "hostUserId", autocomplete: "off", spellcheck: "false", placeholder: "host@your-company.com" }),
    people: el("textarea", {
      name: "people", rows: "9", spellcheck: "false", autocomplete: "off", "aria-describedby": "board-list",
      placeholder: "Paste e-mail addresses or Zoom user IDs: one a line, with commas, or a table from a spreadsheet",
    }),
    hold: el("input", { type: "checkbox", checked: true, autocomplete: "off" }),
  };
  #found = el("div", { id: "board-list", class: "board-found", "aria-live": "polite" });
  #wrong = el("p", { class: "error-text", role: "alert" });
  #press = el("button", { type: "submit", class: "primary" }, "Distribute", svg("send"));
  #list = roster("");
  /** The timer that looks at what was written, while nobody has yet. */
  #waiting = 0;
  #onChange;

  /** `onChange` is called when somebody has stopped typing for a moment, `onStart` with what is to be distributed. */
  constructor({ onChange, onStart }) {
    this.#onChange = onChange;
    const { meetingId, hostUserId, people, hold } = this.#fields;
    const example = button("Fill in an example", { class: "quiet", hidden: true, onclick: () => this.#fillIn(EXAMPLE) });
    watch(() => {
      example.hidden = !isSimulated();
      // In the name of whoever the credential is, unless it serves all.
      if (asks() && state.credential?.role === "host" && hostUserId.value === "") hostUserId.value = state.credential.sub;
    });
    this.element = el(
      "form",
      { class: "card board-plan", novalidate: true, "aria-label": "What to distribute" },
      el(
        "div",
        { class: "board-plan-what" },
        el("label", {}, "Meeting ID", meetingId),
        el("label", {}, "Host", hostUserId),
        el("label", { class: "check" }, hold, "Wait for those who aren’t here yet"),
      ),
      el("div", { class: "board-plan-people" }, el("label", {}, "People", people), el("div", { class: "board-plan-file" }, this.#file(), example), this.#found),
      el("div", { class: "board-plan-go" }, this.#press, this.#wrong),
    );
    this.element.addEventListener("input", () => this.#changed());
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#start(onStart);
    });
    this.#takeDrops(people);
    this.#restore();
  }

  /** As it is written now: `meetingId` in digits, and the people that can be asked for. */
  read() {
    const { meetingId, hostUserId, hold } = this.#fields;
    return {
      meetingId: meetingId.value.replace(/[\s-]/g, ""),
      hostUserId: hostUserId.value.trim(),
      people: this.#list.people,
      hold: hold.checked,
    };
  }

  /** Fields of a board that was shown before, for another list. */
  begin({ meetingId, hostUserId }) {
    this.#fillIn({ meetingId, hostUserId, people: "" });
    this.#fields.people.focus();
  }

  /** A press is under way. */
  busy(isBusy) {
    this.#press.setAttribute("aria-disabled", String(isBusy));
    this.#showPress(isBusy);
  }

  #start(onStart) {
    if (this.#press.getAttribute("aria-disabled") === "true") return;
    if (this.#waiting) this.#settle();
    const plan = this.read();
    const [wrong, field] =
      !/^\d{9,11}$/.test(plan.meetingId) ? ["A meeting ID is 9 to 11 digits.", "meetingId"]
      : !plan.hostUserId ? ["Name the host.", "hostUserId"]
      : plan.people.length === 0 ? ["Name at least one person.", "people"]
      : [""];
    this.#wrong.textContent = wrong;
    if (wrong) this.#fields[field].focus();
    else onStart(plan);
  }

  #changed() {
    clearTimeout(this.#waiting);
    this.#wrong.textContent = "";
    this.#waiting = setTimeout(() => this.#settle(), 300);
  }

  #settle() {
    clearTimeout(this.#waiting);
    this.#waiting = 0;
    this.#list = roster(this.#fields.people.value);
    this.#showFound();
    this.#showPress(false);
    this.#keep();
    this.#onChange(this.read());
  }

  #showPress(isBusy) {
    const many = this.#list.people.length;
    const words = isBusy ? "Distributing…" : many > 1 ? `Give ${many} people their token` : "Distribute";
    this.#press.firstChild.textContent = words;
  }

  /** What is in the list, and what of it will not be asked for. */
  #showFound() {
    const { people, wrong, twice } = this.#list;
    const words = [
      people.length ? `${people.length} ${people.length === 1 ? "person" : "people"}` : "",
      twice.length ? `${twice.length} named twice` : "",
      wrong.length ? `${wrong.length} can’t be used` : "",
    ].filter(Boolean);
    const marks = [
      ...wrong.map(({ text, line, why }) => ({ line, kind: "bad", text, why })),
      ...twice.map(({ text, line, first }) => ({ line, kind: "warn", text, why: `is in line ${first} already` })),
    ].sort((a, b) => a.line - b.line);
    const leaveOut = () => {
      this.#fields.people.value = people.join("\n");
      this.#settle();
      this.#fields.people.focus();
    };
    fill(
      this.#found,
      words.length ? el("p", { class: "board-found-many" }, words.join(" · ")) : null,
      marks.length
        ? el(
            "details",
            { open: marks.length <= 5 },
            el("summary", {}, marks.length === 1 ? "One is left out" : `${marks.length} are left out`),
            el("ul", {}, marks.map(({ line, kind, text, why }) =>
              el("li", { class: kind }, el("span", { class: "line" }, `Line ${line}`), el("strong", {}, text), ` ${why}`))),
            button("Take them out of the list", { class: "quiet", onclick: leaveOut }),
          )
        : null,
    );
  }

  #file() {
    const input = el("input", { type: "file", accept: ".csv,.tsv,.txt,text/*", class: "visually-hidden", tabindex: "-1", "aria-hidden": "true" });
    input.addEventListener("change", () => {
      this.#takeFile(input.files[0]);
      input.value = "";
    });
    return [button("Open a file", { icon: "in", class: "quiet", label: "Open a file with the list", onclick: () => input.click() }), input];
  }

  #takeDrops(field) {
    field.addEventListener("dragover", (event) => {
      if (event.dataTransfer.types.includes("Files")) event.preventDefault();
    });
    field.addEventListener("drop", (event) => {
      const [file] = event.dataTransfer.files;
      if (!file) return;
      event.preventDefault();
      this.#takeFile(file);
    });
  }

  async #takeFile(file) {
    if (!file) return;
    if (file.size > LARGEST_FILE) {
      this.#wrong.textContent = "That file is too large to be a list of people.";
      return;
    }
    this.#fields.people.value = (await file.text()).replace(/^\ufeff/, "");
    this.#settle();
  }

  #fillIn({ meetingId, hostUserId, people }) {
    Object.assign(this.#fields.meetingId, { value: meetingId });
    Object.assign(this.#fields.hostUserId, { value: hostUserId });
    Object.assign(this.#fields.people, { value: people });
    this.#settle();
  }

  #keep() {
    const { meetingId, hostUserId, people, hold } = this.#fields;
    const draft = { meetingId: meetingId.value, hostUserId: hostUserId.value, people: people.value, hold: hold.checked };
    try {
      sessionStorage.setItem(DRAFT, JSON.stringify(draft));
    } catch {
      // It then lasts until the page is left.
    }
  }

  #restore() {
    try {
      const { hold, ...texts } = JSON.parse(sessionStorage.getItem(DRAFT)) ?? {};
      for (const [name, text] of Object.entries(texts)) this.#fields[name].value = text;
      this.#fields.hold.checked = hold !== false;
    } catch {
      // There is none.
    }
    this.#list = roster(this.#fields.people.value);
    this.#showFound();
    this.#showPress(false);
  }
}
