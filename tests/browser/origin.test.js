// Web pages that have no business with a hub in `open` mode, in a real browser: one of another origin, and one whose
// name was re-pointed at this machine. Whatever they try, nothing is minted, and nothing is told to them. The same tries
// from pages of this machine get through, so each of them would.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect, createServer as listen } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { openPage } from "./browser.js";
import { ROOT, startHub } from "./hub.js";

const PAGE = `<!doctype html><title>Theirs</title><link rel="icon" href="data:,">
  <script type="module">import { io } from "/theirs.js"; window.io = io;</script>`;
const CLIENT = readFileSync(join(ROOT, "static/socket.io/socket.io.esm.min.js"));
/** To the browser this name is this machine's, as a name server of theirs would have it. */
const NAMED = { args: ["--host-resolver-rules=MAP evil.example 127.0.0.1"] };
const BODY = { meetingId: "1234567890", hostUserId: "host@example.com" };

let hub;
/** Serves the pages. */
let site;
/** Where the hub is for them: what it answers is noted on the way. Before a name is re-pointed, it leads to the site. */
let door;
let leadsToHub = true;
const answers = [];

before(async () => {
  hub = await startHub();
  site = createServer((request, response) => {
    const isClient = request.url === "/theirs.js";
    // Who comes again comes by another connection, and so to where the name then points.
    response.setHeader("Connection", "close").setHeader("Content-Type", isClient ? "text/javascript" : "text/html");
    response.end(isClient ? CLIENT : PAGE);
  }).listen(0, "127.0.0.1");
  door = listen((client) => {
    client.on("error", () => {});
    // A browser connects before it has anything to ask: where the name leads is seen when it asks.
    client.once("data", (first) => {
      const isForHub = leadsToHub;
      const server = isForHub ? connect(hub.port, "localhost") : connect(site.address().port, "127.0.0.1");
      server.on("error", () => {});
      server.on("data", (bytes) => {
        if (!isForHub) return;
        for (const [, status] of bytes.toString("latin1").matchAll(/HTTP\/1\.1 (\d{3})/g)) answers.push(Number(status));
      });
      server.write(first);
      client.pipe(server).pipe(client);
      client.on("close", () => server.destroy());
      server.on("close", () => client.destroy());
    });
  }).listen(0, "127.0.0.1");
  await Promise.all([once(site, "listening"), once(door, "listening")]);
});
after(async () => {
  site?.close();
  door?.close();
  await hub?.stop();
});

/** Each runs in the page. It says what it has learnt; how often Zoom is asked for a token is seen at the simulator. */
const TRIES = {
  "GET health": {
    act: ({ at }) => fetch(`${at}/api/health`).then(async (answer) => `${answer.status} ${await answer.text()}`),
    said: /^200 .*"sessions"/,
    minted: 0,
  },
  "POST of JSON": {
    act: async ({ at, body }) => {
      const headers = { "Content-Type": "application/json" };
      const answer = await fetch(`${at}/api/meetings/start`, { method: "POST", headers, body: JSON.stringify(body) });
      return `${answer.status} ${await answer.text()}`;
    },
    said: /^200 .*"zakToken":"eyJ/,
    minted: 1,
  },
  "POST of a form, which asks no leave": {
    act: async ({ at, body }) => {
      const answer = await fetch(`${at}/api/meetings/start`, { method: "POST", body: new URLSearchParams(body) });
      return `${answer.status} ${await answer.text()}`;
    },
    said: /^200 .*"zakToken":"eyJ/,
    minted: 1,
  },
  "POST of a form whose answer is not to be seen": {
    act: async ({ at, body }) => {
      const how = { method: "POST", mode: "no-cors", body: new URLSearchParams(body) };
      return (await fetch(`${at}/api/meetings/start`, how)).type;
    },
    // Nobody sees it whose origin is another.
    said: /^(failed: .*|basic)$/s,
    minted: 1,
  },
  "POST of JSON as plain text": {
    act: async ({ at, body }) => {
      const how = { method: "POST", headers: { "Content-Type": "text/plain" }, body: JSON.stringify(body) };
      await fetch(`${at}/api/meetings/start`, { ...how, mode: "no-cors" }).catch(() => {});
      const answer = await fetch(`${at}/api/meetings/start`, how);
      return `${answer.status} ${await answer.text()}`;
    },
    // From anybody.
    said: /^415 .*"unsupported_media_type"/,
    minted: 0,
  },
  "a form that is sent off": {
    act: async ({ at, body }) => {
      const frame = Object.assign(document.createElement("iframe"), { name: "away" });
      const form = Object.assign(document.createElement("form"), { method: "post", target: "away", action: `${at}/api/meetings/start` });
      for (const [name, value] of Object.entries(body)) form.append(Object.assign(document.createElement("input"), { name, value }));
      document.body.append(frame, form);
      const loaded = new Promise((resolve) => { frame.onload = resolve; });
      form.submit();
      await loaded;
      frame.remove();
      return "sent";
    },
    said: /^sent$/,
    minted: 1,
  },
  WebSocket: {
    act: ({ at, body }) => new Promise((resolve, reject) => {
      const socket = new WebSocket(`${at.replace("http", "ws")}/ws`);
      socket.onopen = () => socket.send(JSON.stringify({ event: "meeting:start", data: body }));
      socket.onmessage = ({ data }) => resolve(data) ?? socket.close();
      socket.onclose = () => reject(new Error("closed"));
    }),
    said: /"zakToken":"eyJ/,
    minted: 1,
  },
  "Socket.IO by polling": { act: overSocketIo, transports: ["polling"], said: /"zakToken":"eyJ/, minted: 1 },
  "Socket.IO by WebSocket": { act: overSocketIo, transports: ["websocket"], said: /"zakToken":"eyJ/, minted: 1 },
};

async function overSocketIo({ at, body, transports }) {
  const socket = window.io(at, { transports, reconnection: false, forceNew: true });
  try {
    return await new Promise((resolve, reject) => {
      socket.on("connect", () => socket.emit("meeting:start", body, (answer) => resolve(JSON.stringify(answer))));
      socket.on("connect_error", reject);
    });
  } finally {
    socket.disconnect();
  }
}

/** Makes a try from a page of this origin; what it learnt, whether it failed, and how often Zoom was asked. */
async function attempt(page, { act, transports }, at) {
  const calls = async () => {
    const { zakCalls, obfCalls } = await hub.seen();
    return zakCalls + obfCalls;
  };
  const before = await calls();
  const asked = page.evaluate(act, { at, body: BODY, transports });
  const said = await asked.catch((error) => `failed: ${error.message}`);
  return { said, minted: (await calls()) - before };
}

/** Opens a page of the site's; if it `isRePointed` its name leads to the hub from then on. */
async function openTheirs({ name, isRePointed }) {
  const { port } = (isRePointed ? door : site).address();
  leadsToHub = !isRePointed;
  try {
    const opened = await openPage(`http://${name}:${port}`, NAMED);
    await opened.page.waitForFunction(() => window.io !== undefined);
    return { ...opened, at: isRePointed ? `http://${name}:${port}` : `http://localhost:${door.address().port}` };
  } finally {
    leadsToHub = true;
  }
}

const THEIRS = {
  "a page of another origin": { name: "evil.example" },
  "a page whose name was re-pointed at this machine": { name: "evil.example", isRePointed: true },
};
const OURS = {
  "a page of this machine": { name: "localhost" },
  "a page of the hub’s own origin": { name: "localhost", isRePointed: true },
};

for (const [name, whose] of Object.entries(THEIRS)) {
  test(`${name} gets nothing, and nothing is minted for it`, { timeout: 120_000 }, async () => {
    const { page, at, close } = await openTheirs(whose);
    try {
      for (const [what, one] of Object.entries(TRIES)) {
        answers.length = 0;
        const { said, minted } = await attempt(page, one, at);
        assert.equal(minted, 0, what);
        // It failed, or there was nothing to see but the refusal.
        assert.match(said, /^(failed: .*|opaque|basic|sent|403 .*"origin_refused".*)$/s, what);
        assert.doesNotMatch(said, /eyJ|sessions/, what);
        // It was the hub that refused, not the browser that never asked.
        assert.ok(answers.length > 0 && answers.every((status) => status === 403), `${what}: ${answers}`);
      }
      const { sessions } = await (await fetch(`${hub.origin}/api/health`)).json();
      assert.equal(sessions, 0);
    } finally {
      await close();
    }
  });
}

for (const [name, whose] of Object.entries(OURS)) {
  test(`${name} gets what it asks for by the same tries`, { timeout: 120_000 }, async () => {
    const { page, at, close } = await openTheirs(whose);
    try {
      for (const [what, one] of Object.entries(TRIES)) {
        const { said, minted } = await attempt(page, one, at);
        assert.match(said, one.said, what);
        assert.equal(minted, one.minted, what);
      }
    } finally {
      await close();
    }
  });
}
