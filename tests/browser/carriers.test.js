// The page over each carrier: the one press, the switch, a hub that restarts, and the explorer's events.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { ANSWERS, claims, distribute, everybodyConnected, openPage, paneOf, tokenOf } from "./browser.js";
import { ROOT, startHub } from "./hub.js";

const CARRIERS = {
  WebSocket: "In use: websocket",
  "Socket.IO": "In use: polling → websocket",
  "Socket.IO, polling only": "In use: polling",
};
const CLIENT = "/socket.io/socket.io.esm.min.js";

let hub;
before(async () => {
  hub = await startHub();
});
after(() => hub?.stop());

async function withPage(act) {
  const { page, complaints, close } = await openPage(hub.origin);
  const fetched = [];
  page.on("request", (request) => fetched.push(new URL(request.url()).pathname));
  try {
    await everybodyConnected(page);
    await act(page, { complaints, fetched });
  } finally {
    await close();
  }
}

/** Chooses, and waits until every open connection goes over that. */
async function choose(page, carrier) {
  await page.getByLabel("Connections over").selectOption({ label: carrier });
  await inUse(page, carrier);
}

async function inUse(page, carrier) {
  await everybodyConnected(page);
  await page.getByText(CARRIERS[carrier], { exact: true }).waitFor();
}

for (const carrier of Object.keys(CARRIERS)) {
  test(`${carrier}: one press, and everybody who is there has their own token`, async () => {
    await withPage(async (page, { complaints, fetched }) => {
      await choose(page, carrier);
      await distribute(page);
      for (const name of ["host", "alice", "bob", "carol"]) {
        assert.equal(claims(await tokenOf(page, `${name}@example.com`)).sub, `${name}@example.com`);
      }
      await paneOf(page, "dave@example.com").getByText("Not here yet.").waitFor();
      await paneOf(page, "missing.erin@example.com").getByText("Zoom knows no such user.").waitFor();
      await paneOf(page, "bob@example.com").getByRole("button", { name: /^Get a fresh one/ }).click();
      await page.locator("#announcer", { hasText: "A fresh token for bob@example.com" }).waitFor({ state: "attached" });
      const log = page.locator("#log");
      await log.getByRole("searchbox").fill("host@example.com meeting:");
      const said = await log.locator("li b").allTextContents();
      // How far it is comes as often as the distribution takes.
      const logged = said.filter((event) => event.startsWith("meeting:") && event !== "meeting:progress");
      assert.deepEqual(logged, ["meeting:distributed", "meeting:started", "meeting:distribute"], "each once");
      assert.equal(fetched.includes(CLIENT), carrier !== "WebSocket");
      assert.deepEqual(complaints, []);
    });
  });
}

test("the carrier is switched at once, and kept when the page is left", async () => {
  await withPage(async (page, { complaints, fetched }) => {
    await inUse(page, "WebSocket");
    await choose(page, "Socket.IO");
    await choose(page, "WebSocket");
    await choose(page, "Socket.IO, polling only");
    assert.deepEqual(await page.evaluate(() => Object.entries(localStorage)), [["carrier", "polling"]]);
    assert.equal(fetched.filter((path) => path === CLIENT).length, 1);
    fetched.length = 0;
    await page.reload();
    await inUse(page, "Socket.IO, polling only");
    assert.ok(!fetched.includes("/ws"));
    await distribute(page);
    assert.deepEqual(complaints, []);
  });
});

test("a client for Socket.IO that can't be fetched leaves everything as it is", async () => {
  await withPage(async (page) => {
    await page.route(`**${CLIENT}`, (route) => route.abort());
    await page.getByLabel("Connections over").selectOption({ label: "Socket.IO" });
    await page.getByText("The client for Socket.IO could not be fetched from the hub.").waitFor();
    assert.equal(await page.getByLabel("Connections over").inputValue(), "websocket");
    await inUse(page, "WebSocket");
    await distribute(page);
    await page.unroute(`**${CLIENT}`);
    await choose(page, "Socket.IO");
  });
});

for (const carrier of ["Socket.IO", "Socket.IO, polling only"]) {
  test(`${carrier}: a hub that is stopped says so, and everybody comes back to the next`, async () => {
    await withPage(async (page) => {
      await choose(page, carrier);
      const { port } = hub;
      await hub.stop();
      await page.locator(".why", { hasText: "The hub is being stopped. (4503)" }).first().waitFor();
      await page.getByText("Hub unreachable").waitFor();
      hub = await startHub({ port });
      await inUse(page, carrier);
      // And they are authenticated again: everybody who was there gets a token.
      await distribute(page);
    });
  });
}

test("polling alone is for five connections of a browser: a sixth is told why it has no room", async () => {
  await withPage(async (page) => {
    const dave = paneOf(page, "dave@example.com");
    await dave.getByRole("button", { name: "Connect dave@example.com" }).click();
    await everybodyConnected(page, 6);
    await page.getByLabel("Connections over").selectOption({ label: "Socket.IO, polling only" });
    await page.getByText("Polling is for 5 connections of one browser: the others were ended.").waitFor();
    await inUse(page, "Socket.IO, polling only");
    const erin = paneOf(page, "missing.erin@example.com");
    await erin.getByRole("button", { name: "Reconnect missing.erin@example.com" }).click();
    await erin.getByText("A browser has no room for another connection that polls.").waitFor();
    await dave.getByRole("button", { name: "Disconnect dave@example.com" }).click();
    await erin.getByRole("button", { name: "Reconnect missing.erin@example.com" }).click();
    await erin.getByText("Connected", { exact: true }).waitFor();
  });
});

test("every event of the explorer is answered over Socket.IO, and shown as its code", async () => {
  await withPage(async (page, { complaints }) => {
    await choose(page, "Socket.IO");
    const explorer = page.locator("#explorer");
    for (const [name, answer] of Object.entries(ANSWERS)) {
      await explorer.getByRole("radio", { name, exact: true }).check({ force: true });
      await explorer.getByRole("button", { name: "Send" }).click();
      await explorer.locator(".answer-head", { hasText: answer }).waitFor();
      assert.match(await explorer.getByRole("region", { name: "The call as client.js" }).textContent(), /socketIO\(io\)/);
      await explorer.getByRole("button", { name: "Socket.IO" }).click();
      const code = await explorer.getByRole("region", { name: "The call as Socket.IO" }).textContent();
      assert.ok(code.includes(`from "${hub.origin}${CLIENT}"`) && code.includes(`socket.emit("${name}"`), code);
    }
    await explorer.getByRole("radio", { name: "raw frame", exact: true }).check({ force: true });
    await explorer.getByRole("button", { name: "Send" }).click();
    await explorer.locator(".answer-head", { hasText: "pong" }).waitFor();
    assert.deepEqual(complaints, []);
  });
});

test("a page of another origin loads Socket.IO's client from the hub, as a script or a module, and is served", async () => {
  const page = `<!doctype html><link rel="icon" href="data:,">
    <script src="${hub.origin}/socket.io/socket.io.min.js"></script>
    <script>
      const socket = io("${hub.origin}");
      socket.on("connect", () => {
        socket.emit("authenticate", { userId: "alice@example.com" }, ({ userId, socketId }) => {
          document.title += userId + (socketId === socket.id ? " by script " : " by another name ");
        });
      });
    </script>
    <script type="module">
      import { Hub, socketIO } from "${hub.origin}/client.js";
      import { io } from "${hub.origin}${CLIENT}";
      const hub = new Hub(undefined, { carrier: socketIO(io) });
      await hub.connect();
      const { userId } = await hub.authenticate("bob@example.com");
      document.title += userId + " by module ";
    </script>`;
  const elsewhere = createServer((_request, answer) => answer.setHeader("Content-Type", "text/html").end(page));
  elsewhere.listen(0, "127.0.0.1");
  await once(elsewhere, "listening");
  const opened = await openPage(`http://localhost:${elsewhere.address().port}`);
  try {
    await opened.page.waitForFunction(() => document.title.includes("script") && document.title.includes("module"));
    const title = await opened.page.title();
    assert.ok(title.includes("alice@example.com by script") && title.includes("bob@example.com by module"), title);
  } finally {
    await opened.close();
    elsewhere.close();
  }
});

test("the browser's client is, file by file, what npm published", () => {
  const published = join(ROOT, "tests/browser/node_modules/socket.io-client");
  const { name, version } = JSON.parse(readFileSync(join(published, "package.json")));
  const served = (file) => readFileSync(join(ROOT, "static/socket.io", file));
  assert.match(served("SHA256SUMS").toString(), new RegExp(`published as ${name} ${version},`));
  const { packages } = JSON.parse(readFileSync(join(ROOT, "tests/browser/package-lock.json")));
  assert.ok(served("SHA256SUMS").includes(packages[`node_modules/${name}`].integrity));
  for (const file of ["dist/socket.io.js", "dist/socket.io.min.js", "dist/socket.io.esm.min.js", "LICENSE"]) {
    assert.ok(served(file.replace("dist/", "")).equals(readFileSync(join(published, file))), file);
  }
});
