// What the board knows of each person, put together from the list, from presence and from every distribution of the board;
// counted, filtered, sorted. Pure.

import { key } from "../state.js";

/** Ways to look at the rows, by their names in the counters. */
export const FILTERS = {
  all: () => true,
  have: ({ status }) => status === "acknowledged" || status === "delivered",
  nothing: (row) => !FILTERS.have(row),
  awaited: ({ status }) => status === "pending",
  failed: ({ status }) => status === "failed",
  absent: ({ online }) => online === false,
};

/** What needs somebody's eye comes first. */
const RANKS = { failed: 0, pending: 1, queued: 2, planned: 2, delivered: 3, acknowledged: 4 };

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

const SORTS = {
  attention: (a, b) => RANKS[a.status] - RANKS[b.status] || isHere(a) - isHere(b) || a.place - b.place,
  pasted: (a, b) => a.place - b.place,
  name: (a, b) => collator.compare(a.userId, b.userId) || a.place - b.place,
  latest: (a, b) => (b.at ?? 0) - (a.at ?? 0) || a.place - b.place,
};

const isHere = ({ online }) => (online === false ? 0 : 1);

/** Why a row failed, where asking again for the same could not help. */
const HOPELESS = new Set(["invalid_user_id"]);

export class Rows {
  #rows = new Map();
  /** How many distributions have been shown: a later one's word on a person counts. */
  #distributions = new Map();

  get size() {
    return this.#rows.size;
  }

  /** These people and nobody else, before a distribution. Who was here stays so. */
  plan(people) {
    const before = this.#rows;
    this.#distributions.clear();
    this.#rows = new Map(people.map((userId, place) => {
      const online = before.get(key(userId))?.online;
      return [key(userId), { userId, place, online, status: "planned", from: -1 }];
    }));
  }

  /** How a distribution stands, or what of it has changed. Returns the rows that stand otherwise now. */
  take(distributionId, participants) {
    const from = this.#order(distributionId);
    return participants.flatMap(({ userId, status, sessions, code, error, at }) => {
      const row = this.#rowOf(userId);
      // A newer distribution has the person's row.
      if (from < row.from) return [];
      const now = { from, status, sessions, code, error, at: at ? Date.parse(at) : undefined };
      if (row.from === from && row.status === status && row.at === now.at && row.sessions === sessions) return [];
      return [Object.assign(row, now)];
    });
  }

  /** Who came and went. Returns the rows that stand otherwise now. */
  presence(changes) {
    return changes.flatMap(({ userId, online }) => {
      const row = this.#rows.get(key(userId));
      if (!row || row.online === online) return [];
      row.online = online;
      return [row];
    });
  }

  /** Nobody knows any more who is here. */
  forgetPresence() {
    for (const row of this.#rows.values()) row.online = undefined;
  }

  /** How many rows each way of looking at them shows, how many have confirmed, and wait in line. */
  counts() {
    const rows = [...this.#rows.values()];
    const many = (shows) => rows.filter(shows).length;
    const counts = Object.entries(FILTERS).map(([name, shows]) => [name, many(shows)]);
    const [acknowledged, queued] = ["acknowledged", "queued"].map((status) => many((row) => row.status === status));
    return { ...Object.fromEntries(counts), acknowledged, queued };
  }

  /** The rows that are shown, in order. */
  shown({ filter = "all", search = "", sort = "attention" }) {
    const words = key(search).split(/\s+/);
    const rows = [...this.#rows.values()].filter(FILTERS[filter]);
    return rows.filter(({ userId }) => words.every((word) => key(userId).includes(word))).sort(SORTS[sort]);
  }

  /** Everybody, as pasted. */
  all() {
    return this.shown({ sort: "pasted" });
  }

  /** Whom a new attempt could help. */
  retryable() {
    return this.all().filter(({ status, code }) => status === "failed" && !HOPELESS.has(code));
  }

  #order(distributionId) {
    if (!this.#distributions.has(distributionId)) this.#distributions.set(distributionId, this.#distributions.size);
    return this.#distributions.get(distributionId);
  }

  #rowOf(userId) {
    const known = this.#rows.get(key(userId));
    if (known) return known;
    const row = { userId, place: this.#rows.size, online: undefined, status: "planned", from: -1 };
    this.#rows.set(key(userId), row);
    return row;
  }
}
