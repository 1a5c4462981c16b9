// The page of a hub that asks for credentials: one is pasted, everything runs with it, and it is nowhere to be found.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ANSWERS, claims, distribute, everybodyConnected, openPage, paneOf, tokenOf } from "./browser.js";
import { forged, sign, startAskingHub } from "./credential.js";
import { startHub } from "./hub.js";

const ALICE = "alice@example.com";
const SERVICE = { role: "service" };
const CARDS = 6;

let hub;
before(async () => {
  hub = await startAskingHub({ RENEW_SECONDS: "0.6" });
});
after(() => hub?.stop());

async function withPage(act, origin = hub.origin) {
  const opened = await openPage(origin);
  const sockets = [];
  opened.page.on("websocket", (socket) => sockets.push(socket));
  try {
    await opened.page.reload();
    await opened.page.locator("article.pane").nth(CARDS - 1).waitFor();
    await act(opened.page, { ...opened, sockets });
  } finally {
    await opened.close();
  }
}

const place = (page) => page.getByRole("region", { name: /^(This hub asks who you are|Credential)$/ });

async function paste(page, credential) {
  const field = page.getByLabel("Credential (a JWT)");
  if (!(await field.isVisible())) await page.getByText("Use another").click();
  await field.fill(credential);
  await page.getByRole("button", { name: /^Use (it|this one)$/ }).click();
}

/** Sees that the credential is nowhere where it could be read, now or later. */
async function isHidden(page, credential) {
  const where = await page.evaluate(() => [
    document.documentElement.outerHTML,
    ...[...document.querySelectorAll("input, textarea")].map((field) => field.value),
    JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), document.cookie, history.state]),
    location.href,
  ]);
  // Its signature is what makes it one; the rest of it tells no secret.
  const signature = credential.split(".")[2];
  for (const text of where) assert.ok(!text.includes(signature), text.slice(0, 2000));
}

test("without a credential nobody connects, and the page says what is missing and how to get it", async () => {
  await withPage(async (page, { sockets, complaints }) => {
    await place(page).getByRole("heading", { name: "This hub asks who you are" }).waitFor();
    await page.getByText("This hub asks for a credential: paste one above first.").waitFor();
    assert.equal(await page.getByText("Open mode.").isVisible(), false);
    await place(page).getByText("zoom-token-hub token --user host@example.com --role service").waitFor();
    await place(page).getByRole("button", { name: "Copy the command" }).click();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^zoom-token-hub token /);
    const said = page.locator("article.pane").getByText("This hub asks for a credential.");
    // The one who is away wouldn't have connected by themselves.
    assert.equal(await said.count(), CARDS - 1);
    await paneOf(page, "dave@example.com").getByRole("button", { name: /^Connect/ }).click();
    assert.equal(await said.count(), CARDS);
    await page.getByRole("button", { name: "Run a distribution" }).click();
    await page.locator("#outcome").getByText("Nothing was distributed").waitFor();
    await page.locator("#outcome").getByText("This hub asks for a credential.").waitFor();
    await page.locator("#explorer").getByRole("radio", { name: "ping", exact: true }).check({ force: true });
    await page.locator("#explorer").getByRole("button", { name: "Send" }).click();
    await page.locator("#explorer").getByText("This hub asks for a credential.", { exact: true }).waitFor();
    assert.equal(sockets.length, 0);
    assert.deepEqual(complaints, []);
  });
});

test("what is no credential, or an old one, is told so and not used", async () => {
  await withPage(async (page, { sockets }) => {
    const noPayload = `a.${Buffer.from("[]").toString("base64url")}.c`;
    const cases = [
      ["", "Paste one first."],
      ["hello", "That is no credential: it is a JWT, three parts with dots between them."],
      ["a.b.c", "That is no credential: it is a JWT, three parts with dots between them."],
      [noPayload, "That names no user (sub) or no end (exp)."],
      [sign(ALICE, { seconds: -1 }), "It has expired already: get a fresh one."],
    ];
    for (const [text, words] of cases) {
      await paste(page, text);
      await place(page).getByRole("alert").getByText(words, { exact: true }).waitFor();
      assert.equal(await page.getByLabel("Credential (a JWT)").inputValue(), "");
    }
    assert.equal(sockets.length, 0);
  });
});

for (const carrier of ["WebSocket", "Socket.IO", "Socket.IO, polling only"]) {
  test(`${carrier}: with a service's credential everybody connects, and one press serves them`, async () => {
    await withPage(async (page, { complaints }) => {
      await page.getByLabel("Connections over").selectOption({ label: carrier });
      const credential = sign("bots@example.com", SERVICE);
      assert.equal(await page.getByLabel("Credential (a JWT)").getAttribute("type"), "password");
      assert.equal(await page.getByLabel("Credential (a JWT)").getAttribute("autocomplete"), "off");
      // As it is copied from a terminal.
      await paste(page, ` Bearer ${credential.slice(0, 70)}\n${credential.slice(70)} `);
      await distribute(page);
      for (const name of ["host", "alice", "bob", "carol"]) {
        assert.equal(claims(await tokenOf(page, `${name}@example.com`)).sub, `${name}@example.com`);
      }
      await place(page).getByText("bots@example.com").waitFor();
      await place(page).getByText("service", { exact: true }).waitFor();
      await place(page).getByText("Any meeting").waitFor();
      await place(page).getByText("Good for everybody on this page.").waitFor();
      await place(page).getByText(/^5[89]:\d\d left$/).waitFor();
      await isHidden(page, credential);
      assert.deepEqual(complaints, []);
    });
  });
}

test("the explorer shows the credential to the hub and not in what it shows", async () => {
  await withPage(async (page, { complaints }) => {
    const credential = sign("bots@example.com", SERVICE);
    await paste(page, credential);
    await everybodyConnected(page);
    const explorer = page.locator("#explorer");
    const calls = explorer.locator("fieldset").first().getByRole("radio");
    for (let index = 0; index < (await calls.count()); index += 1) {
      await calls.nth(index).check({ force: true });
      const name = await explorer.locator(".call-name").textContent();
      if (name === "POST /api/sessions/revoke") await explorer.getByLabel("User (optional)").fill("nobody@example.com");
      const isAsked = !/^GET (\/|\/api\/health.*)$/.test(name);
      const curl = await explorer.getByRole("region", { name: "The call as curl" }).textContent();
      assert.equal(curl.includes('-H "Authorization: Bearer $CREDENTIAL"'), isAsked, curl);
      await explorer.getByRole("button", { name: "fetch" }).click();
      const fetching = await explorer.getByRole("region", { name: "The call as fetch" }).textContent();
      assert.equal(fetching.includes("Authorization: `Bearer ${credential}`"), isAsked, fetching);
      await explorer.getByRole("button", { name: "Send" }).click();
      await explorer.locator(".answer-head", { hasText: "200 OK" }).waitFor();
      await isHidden(page, credential);
    }
    for (const [name, answer] of Object.entries(ANSWERS)) {
      await explorer.getByRole("radio", { name, exact: true }).check({ force: true });
      await explorer.getByRole("button", { name: "Send" }).click();
      await explorer.locator(".answer-head", { hasText: answer }).waitFor();
      assert.match(await explorer.getByRole("region", { name: "The call as client.js" }).textContent(), /\{ getCredential \}/);
      await explorer.getByRole("button", { name: "Socket.IO" }).click();
      assert.match(await explorer.getByRole("region", { name: "The call as Socket.IO" }).textContent(), /give\(\{ token: credential \}\)/);
      await isHidden(page, credential);
    }
    await explorer.getByRole("radio", { name: "raw frame", exact: true }).check({ force: true });
    const frame = { event: "authenticate", data: { userId: ALICE, token: sign("bots@example.com", { ...SERVICE, seconds: 600 }) } };
    await explorer.getByLabel("Text of the frame").fill(JSON.stringify(frame));
    await explorer.getByRole("button", { name: "Send" }).click();
    const log = page.locator("#log");
    await log.getByRole("searchbox").fill("explorer authenticat");
    // The connection's own, the explorer's, and the raw one.
    await log.locator("li b", { hasText: /^authenticated$/ }).nth(2).waitFor();
    await log.getByRole("searchbox").fill("");
    await log.getByRole("button", { name: "Copy the events shown" }).click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(copied, /"token": "••••••"/);
    for (const secret of [credential, frame.data.token]) assert.ok(!copied.includes(secret.split(".")[2]));
    assert.deepEqual(complaints, []);
  });
});

test("a participant's credential is good for that user alone, and the other cards say so", async () => {
  await withPage(async (page) => {
    await paste(page, sign("Alice@Example.com", { meetings: ["1234567890", "98765432101"] }));
    await paneOf(page, ALICE).getByText("Connected", { exact: true }).waitFor();
    await place(page).getByText("Alice@Example.com").waitFor();
    await place(page).getByText("participant", { exact: true }).waitFor();
    await place(page).getByText("Meetings 123 456 7890, 987 6543 2101").waitFor();
    await place(page).getByText("Good for this user alone.").waitFor();
    assert.equal(await page.getByText("The credential is another user’s.").count(), CARDS - 2);
    await page.getByText("1 of 6 connected").waitFor();
    await page.getByRole("button", { name: "Run a distribution" }).click();
    await page.locator("#outcome").getByText("The credential is another user’s.").waitFor();
    const explorer = page.locator("#explorer");
    await explorer.getByText("/api/meetings/join").click();
    await explorer.getByRole("button", { name: "Send" }).click();
    await explorer.getByText("200 OK").waitFor();
    await paneOf(page, ALICE).locator(".token-text").waitFor();
    await explorer.getByText("/api/meetings/start").click();
    await explorer.getByRole("button", { name: "Send" }).click();
    await explorer.getByText("403 Forbidden").waitFor();
    await explorer.getByText("This credential doesn’t allow that.").waitFor();
  });
});

test("another credential takes the place of the first, and a forgotten or reloaded one is gone", async () => {
  await withPage(async (page, { sockets, complaints }) => {
    await paste(page, sign(ALICE));
    await paneOf(page, ALICE).getByText("Connected", { exact: true }).waitFor();
    await paste(page, sign("host@example.com", { role: "host" }));
    await paneOf(page, "host@example.com").getByText("Connected", { exact: true }).waitFor();
    await paneOf(page, ALICE).getByText("The credential is another user’s.").waitFor();
    await page.getByText("1 of 6 connected").waitFor();
    await page.getByRole("button", { name: "Run a distribution" }).click();
    await page.getByRole("heading", { name: "0 of 5 have their token" }).waitFor();
    assert.equal(claims(await tokenOf(page, "host@example.com")).sub, "host@example.com");
    await page.getByRole("button", { name: "Forget it" }).click();
    await place(page).getByText("This hub asks who you are").waitFor();
    await page.getByText("0 of 6 connected").waitFor();
    assert.equal(await page.locator(".token-text").count(), 0);
    const many = sockets.length;
    await paste(page, sign("bots@example.com", SERVICE));
    await everybodyConnected(page);
    assert.equal(sockets.length, many + CARDS - 1);
    await page.reload();
    await place(page).getByText("This hub asks who you are").waitFor();
    await page.getByText("0 of 6 connected").waitFor();
    assert.equal(await page.getByLabel("Credential (a JWT)").inputValue(), "");
    assert.deepEqual(complaints, []);
  });
});

test("a forged credential is not accepted, and the cards say why they stay away", async () => {
  await withPage(async (page, { sockets }) => {
    await paste(page, forged("bots@example.com", SERVICE));
    await page.locator(".why", { hasText: "The hub doesn’t accept this credential. (4401)" }).nth(CARDS - 2).waitFor();
    assert.equal(sockets.length, CARDS - 1);
    await paste(page, sign("bots@example.com", SERVICE));
    await distribute(page);
  });
});

for (const carrier of ["WebSocket", "Socket.IO, polling only"]) {
  test(`${carrier}: a credential that ends or is revoked is told everywhere, and a fresh one brings everybody back`, async () => {
    await withPage(async (page) => {
      // What was signed for them before the revocation counts no more, in the other test too.
      const bots = `bots.${carrier.length}@example.com`;
      await page.getByLabel("Connections over").selectOption({ label: carrier });
      const words = async (what, code) => {
        await page.locator(".why", { hasText: `${what} (${code})` }).nth(CARDS - 2).waitFor();
        await place(page).getByText(what).waitFor();
        await page.getByText("0 of 6 connected").waitFor();
        await page.getByRole("button", { name: /^Run/ }).click();
        await page.locator("#outcome").getByText(what).waitFor();
      };
      await paste(page, sign(bots, { ...SERVICE, seconds: 4 }));
      await everybodyConnected(page);
      await words("This credential has expired.", 4601);
      await paste(page, sign(bots, SERVICE));
      await everybodyConnected(page);
      await hub.revoke(bots);
      await words("This credential was revoked.", 4602);
      await paste(page, sign(bots, SERVICE));
      await everybodyConnected(page);
      await page.getByRole("button", { name: /^Run/ }).click();
      await page.getByRole("heading", { name: "3 of 5 have their token" }).waitFor();
    });
  });
}

test("where the hub’s mode can’t be known the warning stands", async () => {
  const open = await startHub();
  const { page, close } = await openPage(open.origin);
  try {
    await page.route("**/api/health", (route) => route.abort());
    await page.reload();
    await page.getByText("Hub unreachable").waitFor();
    assert.equal(await page.getByText("Open mode.").isVisible(), true);
    await everybodyConnected(page);
  } finally {
    await close();
    await open.stop();
  }
});

test("a hub that comes back in another mode finds the page in that mode", async () => {
  let now = await startHub();
  const { port } = now;
  const { page, close } = await openPage(now.origin);
  try {
    await everybodyConnected(page);
    await now.stop();
    await page.getByText("Hub unreachable").waitFor();
    now = await startAskingHub({}, port);
    await page.getByLabel("Credential (a JWT)").waitFor();
    assert.equal(await page.getByText("Open mode.").isVisible(), false);
    await paste(page, sign("bots@example.com", SERVICE));
    await distribute(page);
  } finally {
    await close();
    await now.stop();
  }
});
