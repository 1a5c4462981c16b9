// The page in a browser: the one button, each card's token, and what can be done with it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { claims, distribute, everybodyConnected, openPage, paneOf, tokenOf } from "./browser.js";
import { startHub } from "./hub.js";

let hub;
let opened;
before(async () => {
  hub = await startHub();
  opened = await openPage(hub.origin);
});
after(async () => {
  await opened?.close();
  await hub?.stop();
});

test("one press, and everybody who is there has their own token", async () => {
  const { page } = opened;
  await everybodyConnected(page);
  await page.getByText("Runs on the built-in simulator").waitFor();
  await page.getByText("Open mode.").waitFor();
  assert.equal(await page.locator("#credential").isHidden(), true);
  await distribute(page);
  const tokens = new Set();
  for (const name of ["alice", "bob", "carol"]) {
    const token = await tokenOf(page, `${name}@example.com`);
    assert.equal(claims(token).sub, `${name}@example.com`);
    tokens.add(token);
  }
  assert.equal(tokens.size, 3);
  const zak = await tokenOf(page, "host@example.com");
  assert.equal(claims(zak).sub, "host@example.com");
  for (const name of ["host", "alice"]) {
    const pane = paneOf(page, `${name}@example.com`);
    await pane.getByText("Simulated: opens no meeting").waitFor();
    assert.match(await pane.locator(".left").textContent(), /^[\d:]+ left$/);
  }
});

test("who is awaited and whom Zoom refuses is said in plain words", async () => {
  const { page } = opened;
  const outcome = page.locator("#outcome");
  await outcome.getByText("Not here yet: gets a token on arrival.").waitFor();
  await outcome.getByText("Zoom knows no such user. Check the spelling").waitFor();
  await paneOf(page, "dave@example.com").getByText("Not here yet.").waitFor();
  await paneOf(page, "missing.erin@example.com").getByText("User does not exist: missing.erin@example.com.").waitFor();
  assert.match(await page.locator("#announcer").textContent(), /3 of 5 have their token/);
});

test("a token can be copied, and a fresh one got", async () => {
  const { page } = opened;
  const pane = paneOf(page, "alice@example.com");
  const first = await pane.locator(".token-text").textContent();
  await pane.getByRole("button", { name: /^Copy/ }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), first);
  // The simulator's tokens carry a moment in seconds and a random part.
  await pane.getByRole("button", { name: /^Get a fresh one/ }).click();
  await pane.locator(".token-text", { hasText: "•" }).waitFor();
  const second = await tokenOf(page, "alice@example.com");
  assert.notEqual(second, first);
  assert.equal(claims(second).sub, "alice@example.com");
});

test("whoever confirms a token is shown so, and who comes later is served on arrival and confirms it", async () => {
  const { page } = opened;
  const outcome = page.locator("#outcome");
  const row = (name) => outcome.locator("li", { hasText: `${name}@example.com` });
  for (const name of ["alice", "bob", "carol"]) await row(name).getByText("Confirmed", { exact: true }).waitFor();
  await row("dave").getByText("Awaited", { exact: true }).waitFor();
  await outcome.getByText("1 awaited").waitFor();
  await row("dave").getByRole("button", { name: "Connect dave@example.com" }).click();
  await row("dave").getByText("Confirmed", { exact: true }).waitFor();
  await page.getByRole("heading", { name: "4 of 5 have their token" }).waitFor();
  assert.equal(await row("dave").evaluate((one) => one === document.activeElement), true, "the focus is where the button was");
  assert.equal(claims(await tokenOf(page, "dave@example.com")).sub, "dave@example.com");
  assert.equal(await outcome.getByRole("button", { name: "Cancel the distribution" }).isVisible(), false);
  await paneOf(page, "dave@example.com").getByRole("button", { name: "Disconnect dave@example.com" }).click();
});

test("a distribution that waits is cancelled, and what was awaited comes no more", async () => {
  const { page } = opened;
  const dave = paneOf(page, "dave@example.com");
  await page.getByRole("button", { name: "Run it again" }).click();
  await page.locator("#outcome").getByText("1 awaited").waitFor();
  await page.getByRole("button", { name: "Cancel the distribution" }).click();
  await page.locator("#outcome").getByText("Cancelled", { exact: true }).waitFor();
  await dave.getByText("No longer waited for, so no token was made.").waitFor();
  assert.equal(await page.getByRole("button", { name: "Cancel the distribution" }).isVisible(), false);
  assert.equal(await page.getByRole("heading", { name: "3 of 5 have their token" }).isVisible(), true);
  await dave.getByRole("button", { name: "Reconnect dave@example.com" }).click();
  await dave.getByText("Connected", { exact: true }).waitFor();
  assert.equal(await dave.locator(".token-text").count(), 0);
  await dave.getByRole("button", { name: "Disconnect dave@example.com" }).click();
});

test("who is away is not waited for where that isn't wanted", async () => {
  const { page } = opened;
  await page.getByLabel("Wait for absent participants").uncheck();
  await page.getByRole("button", { name: "Run it again" }).click();
  await page.locator("#outcome").getByText("Not connected, so no token was made.").waitFor();
  await paneOf(page, "dave@example.com").getByText("Not connected, so no token was made.").waitFor();
  await page.getByLabel("Wait for absent participants").check();
});

test("the log shows every event, filtered, paused, and never a token", async () => {
  const { page } = opened;
  const log = page.locator("#log");
  await log.getByRole("searchbox").fill("bob meeting:credentials");
  assert.match(await log.locator("li").first().textContent(), /bob@example\.com.*meeting:credentials/);
  await log.getByRole("searchbox").fill("");
  await log.getByRole("button", { name: "Pause" }).click();
  const many = await log.locator("li").count();
  await page.getByRole("button", { name: "Run it again" }).click();
  await log.getByText(/paused: \d+ new/).waitFor();
  assert.equal(await log.locator("li").count(), many);
  await log.getByRole("button", { name: "Pause" }).click();
  assert.ok((await log.locator("li").count()) > many);
  await log.getByRole("button", { name: "Copy the events shown" }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /meeting:distributed/);
  assert.doesNotMatch(copied, /eyJ[\w-]{20,}/);
});

test("other people can take part, and what a user is called is never HTML", async () => {
  const { page } = opened;
  await page.getByText("Change meeting and people").click();
  await page.getByLabel("Meeting ID").first().fill("987 6543 210");
  await page.getByLabel("Participants, one a line").first().fill("<img src=x onerror=alert(1)>\nalice@example.com");
  await page.getByRole("button", { name: "Use these" }).click();
  const odd = paneOf(page, "<img src=x onerror=alert(1)>");
  await odd.getByText("Connected", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Run it again" }).click();
  await page.getByRole("heading", { name: "2 of 2 have their token" }).waitFor();
  assert.equal(await page.locator("img[onerror]").count(), 0);
});

test("nothing was stored and nothing complained", async () => {
  const { page, complaints } = opened;
  const stored = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]);
  assert.deepEqual(stored, [0, 0, ""]);
  assert.deepEqual(complaints, []);
});
