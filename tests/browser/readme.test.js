// The README's block for pages of one's own, word for word, in a page of another origin than the hub's.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { openPage } from "./browser.js";
import { ROOT, startHub, within } from "./hub.js";

const ASKED = { meetingId: "1234567890", hostUserId: "host@example.com", participantUserIds: ["bob@example.com"] };

let hub;
let site;
before(async () => {
  hub = await startHub();
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const block = /```html\n(.*?)```/s.exec(readme)[1].replaceAll("localhost:3000", `localhost:${hub.port}`);
  site = createServer((request, response) => {
    if (request.url !== "/") return response.writeHead(204).end();
    response.setHeader("Content-Type", "text/html").end(`<!doctype html><title>Theirs</title>${block}`);
  }).listen(0, "localhost");
  await once(site, "listening");
});
after(async () => {
  site?.close();
  await hub?.stop();
});

test("a page with the README's block gets its token over Socket.IO", async () => {
  const { page, close } = await openPage(`http://localhost:${site.address().port}`);
  try {
    const printed = new Promise((resolve) => page.on("console", (message) => resolve(message.text())));
    // The page doesn't say that it is connected: asked until somebody is there to get a token.
    const deadline = Date.now() + 15_000;
    let outcome;
    do {
      assert.ok(Date.now() < deadline, JSON.stringify(outcome));
      const answer = await fetch(`${hub.origin}/api/meetings/distribute`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(ASKED),
      });
      outcome = await answer.json();
    } while (outcome.successful !== 1);
    const token = await within(5_000, "the token in the page's console", printed);
    const { sub } = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
    assert.equal(sub, "bob@example.com");
  } finally {
    await close();
  }
});
