// The board in a browser: a list is pasted, one press, and what becomes of everybody, to the file at the end.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, test } from "node:test";

import { boardOf, claims, everybodyConnected, openPage } from "./browser.js";
import { disconnectAll } from "./clients.js";
import { sign, startAskingHub } from "./credential.js";
import { crowd, people } from "./crowd.js";
import { startHub } from "./hub.js";

const HOST = "host@example.com";
const MEETING = "1234567890";

let hub;
before(async () => {
  // A receipt is soon missed, and whoever goes is soon gone.
  hub = await startHub({ env: { RECEIPT_TIMEOUT_SECONDS: "0.5", PRESENCE_GRACE_SECONDS: "0.2", MESSAGE_RATE_PER_SECOND: "200" } });
});
after(() => hub?.stop());
afterEach(disconnectAll);

/** Opens the board of a hub, for as long as `act` takes; the page must have nothing to complain about. */
async function withBoard(origin, act, options) {
  const { page, complaints, close } = await openPage(origin, { at: "#board", ...options });
  try {
    await page.getByRole("heading", { name: "Board", level: 1 }).waitFor();
    await act(page);
    assert.deepEqual(complaints, []);
  } finally {
    await close();
  }
}

async function plan(page, users, { meetingId = MEETING, host = HOST } = {}) {
  await boardOf(page).getByLabel("Meeting ID").fill(meetingId);
  await boardOf(page).getByLabel("Host").fill(host);
  await boardOf(page).getByLabel("People", { exact: true }).fill(Array.isArray(users) ? users.join("\n") : users);
}

const press = (page) => boardOf(page).getByRole("button", { name: /^(Give \d+ people their token|Distribute)$/ }).click();
const rows = (page) => boardOf(page).locator(".board-body").getByRole("row");
const rowOf = (page, user) => rows(page).filter({ hasText: user });
/** Waits until the row says so. */
const stands = (page, user, word) => rowOf(page, user).locator(".chip", { hasText: word }).waitFor();
const counter = (page, word) => boardOf(page).getByRole("button", { name: new RegExp(`^\\d+ ?${word}$`) });
const score = (page, words) => boardOf(page).getByRole("heading", { name: words }).waitFor();

/** Waits until the counter shows so many. */
async function counts(page, word, many) {
  await boardOf(page).getByRole("button", { name: new RegExp(`^${many} ?${word}$`) }).waitFor();
}

/** The file that the board saves, as rows of cells. */
async function saved(page) {
  const [download] = await Promise.all([page.waitForEvent("download"), boardOf(page).getByRole("button", { name: "Save as CSV" }).click()]);
  const text = await readFile(await download.path(), "utf8");
  assert.match(download.suggestedFilename(), /^tokens-1234567890-[\dT-]+\.csv$/);
  const [head, ...lines] = text.replace(/^\ufeff/, "").trimEnd().split("\r\n").map((line) => JSON.parse(`[${line}]`));
  return { text, rows: lines.map((cells) => Object.fromEntries(cells.map((cell, place) => [head[place], cell]))) };
}

test("three hundred: pressed once, reloaded in the middle, the failed retried, the absent arrived, and the file is what the clients saw", async () => {
  const paced = await startHub({ env: { ZOOM_RATE_PER_SECOND: "80", RECEIPT_TIMEOUT_SECONDS: "0.7", MESSAGE_RATE_PER_SECOND: "200" } });
  const [here, deaf, absent, missing] = [people(260, "here"), people(10, "deaf"), people(20, "absent"), people(10, "missing")];
  const everybody = [...here, ...deaf, ...absent, ...missing];
  const there = await crowd(paced, [...here, ...missing]);
  const silent = await crowd(paced, deaf, { deaf: true });
  try {
    await withBoard(paced.origin, async (page) => {
      await plan(page, everybody);
      await counts(page, "Not here", 20);
      await press(page);
      await boardOf(page).getByText(/in line, about \d+ s/).waitFor();
      await page.waitForFunction(() => Number(document.querySelector("#board .counter.have .many").textContent) > 40);
      await page.reload();
      await boardOf(page).getByText(/in line/).waitFor();
      await score(page, "260 of 300 have their token");
      await counts(page, "Failed", 20);
      await counts(page, "Awaited", 20);
      await counts(page, "Not here", 20);

      await counter(page, "Failed").click();
      assert.equal(await rows(page).count(), 20);
      await rowOf(page, deaf[0]).getByText("No connection has confirmed a token.").waitFor();
      await boardOf(page).getByPlaceholder("Search").fill("missing");
      assert.equal(await rows(page).count(), 10);
      await rowOf(page, missing[3]).getByText("Zoom knows no such user.").waitFor();
      await boardOf(page).getByPlaceholder("Search").fill("");
      silent.listen();
      await boardOf(page).getByRole("button", { name: "Retry 20 failed" }).click();
      await score(page, "270 of 300 have their token");
      await counts(page, "Failed", 10);
      assert.equal(await rows(page).count(), 10, "who has a token now is no failed one any more");

      await counter(page, "Not here").click();
      assert.equal(await rows(page).count(), 20);
      await boardOf(page).getByRole("button", { name: "Copy 20 not here" }).click();
      assert.deepEqual((await page.evaluate(() => navigator.clipboard.readText())).split("\n"), absent);
      const late = await crowd(paced, absent.slice(0, 12));
      await score(page, "282 of 300 have their token");
      await counts(page, "Not here", 8);
      assert.equal(await rows(page).count(), 8, "who has come is not among them any more");
      await page.reload();
      await score(page, "282 of 300 have their token");
      await counts(page, "Not here", 8);

      const { text, rows: file } = await saved(page);
      assert.ok(!text.includes("eyJ"), "no token is in it");
      assert.deepEqual(file.map(({ user_id }) => user_id), everybody);
      const tokens = new Map([...there.tokens, ...silent.tokens, ...late.tokens]);
      for (const { user_id: user, status, here: isHere, connections, last_change, code } of file) {
        const got = tokens.get(user) ?? [];
        assert.equal(status === "acknowledged", got.length > 0, `${user}: ${status}, and ${got.length} tokens came`);
        assert.ok(got.every((token) => claims(token).sub === user));
        assert.equal(isHere, tokens.has(user) ? "yes" : "no", user);
        assert.equal(connections, got.length ? "1" : "0", user);
        assert.ok(Date.parse(last_change) <= Date.now(), user);
        assert.equal(code, missing.includes(user) ? "zoom_user_not_found" : "", user);
      }
      assert.deepEqual(file.filter(({ status }) => status === "pending").map(({ user_id }) => user_id), absent.slice(12));
      const twice = [...there.tokens.values()].filter((got) => got.length > 1);
      assert.equal(twice.length, 0, "nobody got a second one by it");
    });
  } finally {
    await paced.stop();
  }
});

test("what is named twice and what is no user ID is marked before anything is sent, and left out", async () => {
  const [ann, bob] = people(2, "listed");
  await crowd(hub, [ann, bob]);
  await withBoard(hub.origin, async (page) => {
    await plan(page, `name,email\nAnn,${ann}\nBob,${bob}\nAnn again,${ann.toUpperCase().replace("EXAMPLE.COM", "example.com")}\nNobody,no body`);
    await boardOf(page).getByText("2 people · 1 named twice · 1 can’t be used").waitFor();
    await boardOf(page).getByText("is in line 2 already").waitFor();
    await boardOf(page).getByText("is a name: the Zoom user ID or the e-mail address is wanted").waitFor();
    assert.equal(await rows(page).count(), 2);
    await boardOf(page).getByRole("button", { name: "Take them out of the list" }).click();
    assert.equal(await boardOf(page).getByLabel("People", { exact: true }).inputValue(), `${ann}\n${bob}`);
    await press(page);
    await score(page, "2 of 2 have their token");
    await rowOf(page, ann).getByText(/^Confirmed \d/).waitFor();
    assert.match(await page.locator("#announcer").textContent(), /Finished: 2 of 2 have their token/);
  });
});

test("what is missing is said at once, and the draft outlives a reload", async () => {
  await withBoard(hub.origin, async (page) => {
    await press(page);
    await boardOf(page).getByText("A meeting ID is 9 to 11 digits.").waitFor();
    await plan(page, ["", "a@example.com"]);
    await boardOf(page).getByLabel("Host").fill("");
    await press(page);
    await boardOf(page).getByText("Name the host.").waitFor();
    await boardOf(page).getByText("1 person").waitFor();
    await page.reload();
    await boardOf(page).getByText("1 person").waitFor();
    assert.equal(await boardOf(page).getByLabel("Meeting ID").inputValue(), MEETING);
    assert.deepEqual(await page.evaluate(() => Object.entries(localStorage)), []);
  });
});

test("who comes and goes shows in the row, before the press and after it", async () => {
  const [ann] = people(1, "comes.and.goes");
  await withBoard(hub.origin, async (page) => {
    await plan(page, [ann]);
    await rowOf(page, ann).getByText("Not here").waitFor();
    const before = await crowd(hub, [ann]);
    await rowOf(page, ann).getByText("Here", { exact: true }).waitFor();
    before.leave();
    await rowOf(page, ann).getByText("Not here").waitFor();
    await press(page);
    await stands(page, ann, "Awaited");
    await crowd(hub, [ann]);
    await stands(page, ann, "Confirmed");
    await rowOf(page, ann).getByText("Here", { exact: true }).waitFor();
    await score(page, "1 of 1 has a token");
  });
});

test("one is retried alone, the awaited are given up, the host's own token comes, and another list is begun", async () => {
  const [ann, bob, carol] = people(3, "tools");
  const deaf = await crowd(hub, [ann], { deaf: true });
  await crowd(hub, [bob]);
  await withBoard(hub.origin, async (page) => {
    await plan(page, [ann, bob, carol]);
    await press(page);
    await counts(page, "Failed", 1);
    deaf.listen();
    await boardOf(page).getByRole("button", { name: `Try again for ${ann}` }).click();
    await stands(page, ann, "Confirmed");
    await boardOf(page).getByRole("button", { name: "Stop waiting for 1" }).click();
    await rowOf(page, carol).getByText("No longer waited for").waitFor();
    await score(page, "2 of 3 have their token");
    const zak = boardOf(page).locator(".board-zak");
    await zak.getByText("The host’s own token (ZAK)").click();
    await zak.getByRole("button", { name: /^Reveal/ }).click();
    assert.equal(claims(await zak.locator(".token-text").textContent()).sub, HOST);
    await page.reload();
    await boardOf(page).getByRole("button", { name: "Get the host’s ZAK token" }).click();
    await zak.getByText("The host’s own token (ZAK)").waitFor();
    const shown = page.url();
    await boardOf(page).getByRole("button", { name: "New list" }).click();
    assert.equal(await boardOf(page).getByLabel("Host").inputValue(), HOST);
    assert.equal(await rows(page).count(), 0);
    await boardOf(page).locator(".board-recent").getByRole("link", { name: /of 3 have it/ }).click();
    await score(page, "2 of 3 have their token");
    assert.equal(page.url(), shown);
  });
});

test("what becomes of a board that was left for another list does not show there", async () => {
  const [ann, bob] = people(2, "left");
  await crowd(hub, [ann]);
  const { page, close } = await openPage(hub.origin);
  try {
    await everybodyConnected(page);
    const opened = page.waitForEvent("websocket");
    await page.evaluate(() => { location.hash = "#board"; });
    const socket = await opened;
    await plan(page, [ann, bob]);
    await press(page);
    await stands(page, bob, "Awaited");
    await boardOf(page).getByRole("button", { name: "New list" }).click();
    const told = socket.waitForEvent("framereceived", ({ payload }) => /meeting:progress.*left\.002.*acknowledged/.test(payload));
    await crowd(hub, [bob]);
    await told;
    await page.evaluate(() => new Promise(requestAnimationFrame));
    assert.equal(await rows(page).count(), 0);
    assert.equal(await boardOf(page).locator(".counter.all .many").textContent(), "0");
  } finally {
    await close();
  }
});

test("a board whose connection was ended goes on where it was, with what happened meanwhile", async () => {
  const [ann, bob] = people(2, "meanwhile");
  const host = "cut.off@example.com";
  await crowd(hub, [ann]);
  await withBoard(hub.origin, async (page) => {
    await plan(page, [ann, bob], { host });
    await press(page);
    await stands(page, bob, "Awaited");
    const headers = { "Content-Type": "application/json" };
    await fetch(`${hub.origin}/api/sessions/revoke`, { method: "POST", headers, body: JSON.stringify({ userId: host }) });
    await boardOf(page).getByText("This credential was revoked. (4602)").waitFor();
    await crowd(hub, [bob]);
    await boardOf(page).getByRole("button", { name: "Reconnect" }).click();
    await stands(page, bob, "Confirmed");
    await rowOf(page, bob).getByText("Here", { exact: true }).waitFor();
    await score(page, "2 of 2 have their token");
  });
});

test("what the hub refuses is said in plain words, and an address of a board that is gone leads to a new one", async () => {
  await withBoard(hub.origin, async (page) => {
    await plan(page, people(2, "nobody.here"), { host: "missing.host@example.com" });
    await press(page);
    await boardOf(page).getByText("Nothing was distributed: Zoom knows no such user.").waitFor();
    assert.equal(await boardOf(page).getByLabel("Host").inputValue(), "missing.host@example.com");
    await page.evaluate(() => { location.hash = `#board/${"0".repeat(32)}`; });
    await boardOf(page).getByText("That board is not there any more: The hub remembers no such distribution.").waitFor();
    assert.match(page.url(), /#board$/);
  });
});

test("where the hub asks who it is, a host's credential shows its own meetings' people, and a participant's none", async () => {
  const asking = await startAskingHub();
  try {
    await withBoard(asking.origin, async (page) => {
      const use = async (credential, word) => {
        await page.getByLabel("Credential (a JWT)").fill(credential);
        await page.getByRole("button", { name: word }).click();
      };
      await plan(page, people(1, "somebody"));
      await press(page);
      await boardOf(page).getByText("Nothing was distributed: This hub asks for a credential.").waitFor();
      await use(sign("ann@example.com"), "Use it");
      await press(page);
      await boardOf(page).getByText("Nothing was distributed: The credential is another user’s.").waitFor();
      await page.getByText("Use another").click();
      await use(sign(HOST, { role: "host", meetings: [MEETING] }), "Use this one");
      await press(page);
      await score(page, "0 of 1 has a token");
      await rowOf(page, "somebody").getByText("Not here", { exact: true }).waitFor();
    });
  } finally {
    await asking.stop();
  }
});
