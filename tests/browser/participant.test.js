// The participant’s view: who waits, what comes by itself, and what is said while something is missing.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { claims, hasFocus, heard, listen, openPage, photograph } from "./browser.js";
import { client, disconnectAll } from "./clients.js";
import { startHub } from "./hub.js";
import { MEETING, NAMES, OTHER, cardOf, connected, distribute, isHere, sayWho, titled, tokenOn, waits } from "./participant.js";

const ALICE = "alice@example.com";
const HERS = "#participant/alice%40example.com";

let hub;
/** Its tokens end soon. */
let hasty;
before(async () => {
  hub = await startHub();
  hasty = await startHub({ env: { OBF_TTL_SECONDS: "4", MIN_TOKEN_LIFE_SECONDS: "1" } });
});
after(async () => {
  await hub?.stop();
  await hasty?.stop();
});
afterEach(disconnectAll);

async function withPage({ of = hub, ...options }, act) {
  const opened = await openPage(of.origin, { at: HERS, ...options });
  try {
    await act(opened.page, opened);
  } finally {
    await opened.close();
  }
}

async function clipboard(page) {
  return page.evaluate(() => navigator.clipboard.readText());
}

test("whoever says who they are waits, and a reload goes on with that", async () => {
  await withPage({ at: "#participant" }, async (page, { complaints }) => {
    await titled(page, "Who are you?").waitFor();
    await page.getByRole("button", { name: "Wait for my token" }).click();
    await page.getByRole("alert").getByText("Say who you are first.").waitFor();
    const field = page.getByLabel("Zoom user ID or e-mail address");
    assert.equal(await hasFocus(field), true);
    await field.fill(` ${ALICE} `);
    await page.keyboard.press("Enter");
    await waits(page);
    assert.equal(new URL(page.url()).hash, HERS);
    await page.reload();
    await waits(page);
    assert.equal(await field.count(), 0);
    await page.getByRole("button", { name: /^Not you\?/ }).click();
    assert.equal(await hasFocus(field), true);
    assert.equal(new URL(page.url()).hash, "#participant");
    assert.deepEqual(complaints, []);
  });
});

test("what is no user ID is told where it was written, and can be put right there", async () => {
  await withPage({ at: "#participant/me" }, async (page) => {
    await page.getByRole("alert").getByText("That is no user ID.").waitFor();
    const field = page.getByLabel("Zoom user ID or e-mail address");
    assert.equal(await field.inputValue(), "me");
    await sayWho(page, ALICE);
    await waits(page);
  });
});

test("a token comes by itself, is told once, revealed and copied, and the code has it only when it is asked for", async () => {
  await withPage({}, async (page, { complaints }) => {
    await waits(page);
    await listen(page);
    const { participants } = await distribute(hub, [ALICE]);
    assert.equal(participants[0].userId, ALICE);
    await isHere(page);
    const card = cardOf(page);
    await card.getByText("Simulated: opens no meeting").waitFor();
    await card.getByText(/^(30:00|29:5\d) left$/).waitFor();
    assert.equal(await titled(page, "Waiting for your host").count(), 0);
    await card.getByText("How to use it").click();
    const code = card.locator("pre");
    assert.match(await code.textContent(), /ZoomMtg\.join\(\{[^]*meetingNumber: "1234567890"[^]*passWord: ""[^]*obfToken: ".{6}•+.{4}"/);
    const isOut = (token) => page.locator("#participant").evaluate((view, token) => view.outerHTML.includes(token), token);
    await card.getByRole("button", { name: `Copy the token of ${ALICE}` }).click();
    await page.locator("#announcer", { hasText: "Copied" }).waitFor();
    const token = await clipboard(page);
    assert.equal(claims(token).sub, ALICE);
    assert.equal(await isOut(token), false, "it is nowhere in the page");
    await card.getByRole("button", { name: "Copy the code with the token in it" }).click();
    await page.waitForFunction(async () => (await navigator.clipboard.readText()).startsWith("ZoomMtg.join({"));
    assert.ok((await clipboard(page)).includes(`obfToken: "${token}"`));
    assert.equal(await isOut(token), false);
    await card.getByRole("button", { name: "Component view" }).click();
    assert.match(await code.textContent(), /client\.join\(\{[^]*password: ""/);
    await card.getByRole("button", { name: "Reveal the token in the code" }).click();
    assert.ok((await code.textContent()).includes(`obfToken: "${token}"`));
    assert.equal(await tokenOn(card), token);
    const said = (await heard(page)).filter((text) => !/^Copied/.test(text));
    assert.deepEqual(said, ["Your token for meeting 123 456 7890 is here"]);
    assert.deepEqual(complaints, []);
  });
});

test("a reload gets a token again, without another distribution", async () => {
  const bob = "bob@example.com";
  await withPage({ at: `#participant/${bob}` }, async (page) => {
    await waits(page);
    await distribute(hub, [bob]);
    await isHere(page);
    const first = await cardOf(page).locator(".token-text").textContent();
    await page.reload();
    await isHere(page);
    assert.notEqual(await cardOf(page).locator(".token-text").textContent(), first);
  });
});

test("whoever was invited before coming is told so, and the token follows", async () => {
  // Zoom takes two seconds for this one.
  const slow = "slow.zoe@example.com";
  await distribute(hub, [slow]);
  await withPage({ at: `#participant/${slow}` }, async (page) => {
    await cardOf(page).getByRole("heading", { name: "You’re invited" }).waitFor();
    await page.locator("#announcer", { hasText: "Your host has invited you to 123 456 7890; your token is on its way" }).waitFor();
    await isHere(page);
  });
});

test("of several meetings each has a card, the newest first, and a fresh one leaves them where they are", async () => {
  const carol = "carol@example.com";
  await withPage({ at: `#participant/${carol}` }, async (page) => {
    await waits(page);
    const order = () => page.locator(".invitation .number").allTextContents();
    await distribute(hub, [carol]);
    await isHere(page, MEETING);
    await distribute(hub, [carol], OTHER);
    await isHere(page, OTHER);
    assert.deepEqual(await order(), [NAMES[OTHER], NAMES[MEETING]]);
    const old = cardOf(page, MEETING).locator(".token-text");
    const first = await old.textContent();
    await cardOf(page, MEETING).getByRole("button", { name: /^Get a fresh one/ }).click();
    await old.filter({ hasNotText: first }).waitFor();
    assert.deepEqual(await order(), [NAMES[OTHER], NAMES[MEETING]]);
    await page.reload();
    await isHere(page, MEETING);
    await isHere(page, OTHER);
    assert.deepEqual(await order(), [NAMES[OTHER], NAMES[MEETING]]);
    await distribute(hub, [carol]);
    await page.locator(".invitation:first-child .number", { hasText: "123 456 7890" }).waitFor();
  });
});

test("a fresh token comes before the end of the last, but none where the last was used", async () => {
  await withPage({ of: hasty }, async (page) => {
    await waits(page);
    await distribute(hasty, [ALICE]);
    await distribute(hasty, [ALICE], OTHER);
    await isHere(page, MEETING);
    await isHere(page, OTHER);
    await cardOf(page, MEETING).getByRole("button", { name: "I’m in the meeting" }).click();
    await cardOf(page, MEETING).getByText("No fresh token is fetched any more.").waitFor();
    assert.equal(await cardOf(page, MEETING).locator(".token-text").count(), 0);
    await listen(page);
    // The other goes on: twice as long as a token lives.
    await page.waitForFunction(() => globalThis.heard.length >= 3);
    const said = (await heard(page)).map((text) => text.trim());
    assert.deepEqual([...new Set(said)], ["A fresh token for meeting 987 6543 2101 is here"]);
    await cardOf(page, MEETING).getByRole("heading", { name: "You’re in the meeting" }).waitFor();
    // Whoever drops out gets another.
    await cardOf(page, MEETING).getByRole("button", { name: "Get a fresh one" }).click();
    await isHere(page, MEETING);
  });
});

test("where no fresh token can be had the end of the last is told, with a button that gets one", async () => {
  await withPage({ of: hasty }, async (page) => {
    const bea = "bea@example.com";
    await page.evaluate((bea) => (location.hash = `participant/${bea}`), bea);
    await page.locator(".me").getByText(bea).waitFor();
    await waits(page);
    await distribute(hasty, [bea]);
    await isHere(page);
    await listen(page);
    await hasty.faults({ missingScope: true });
    const card = cardOf(page);
    await card.getByRole("heading", { name: "This token has ended" }).waitFor();
    assert.equal(await card.locator(".token-text").count(), 0);
    assert.deepEqual(await heard(page), ["The token for meeting 123 456 7890 has ended"]);
    await photograph(page, "light-participant-ended", {});
    await card.getByRole("button", { name: "Get a fresh one" }).click();
    await card.getByText("The Zoom app lacks a permission.").waitFor();
    await hasty.faults(null);
    await card.getByRole("button", { name: "Try again" }).click();
    await isHere(page);
  });
});

test("a hub that goes and comes back: a banner with the time to the next attempt, and the token stays on show", async () => {
  let now = await startHub();
  try {
    await withPage({ of: now }, async (page) => {
      await waits(page);
      await distribute(now, [ALICE]);
      await isHere(page);
      const token = await tokenOn(cardOf(page));
      await listen(page);
      const { port } = now;
      await now.stop();
      await page.getByText("You’re offline", { exact: true }).waitFor();
      await page.getByText(/^(Next try in \d+ s\.|Trying now…)$/).waitFor();
      await page.getByText("Hub unreachable").waitFor();
      await photograph(page, "light-participant-offline", {});
      const reconnect = page.getByRole("button", { name: "Reconnect now" });
      await reconnect.focus();
      now = await startHub({ port });
      await page.keyboard.press("Enter");
      await page.getByText("You’re offline", { exact: true }).waitFor({ state: "detached" });
      await connected(page);
      assert.equal(await cardOf(page).locator(".token-text").textContent(), token);
      assert.deepEqual(await heard(page), ["You’re offline. This page reconnects by itself.", "You’re back online"]);
      assert.equal(await hasFocus(titled(page, "Your meeting token")), true, "the focus is not lost with the button");
      // And is served again.
      await distribute(now, [ALICE]);
      await cardOf(page).locator(".token-text").filter({ hasNotText: token }).waitFor();
    });
  } finally {
    await now.stop();
  }
});

test("whoever is sent away for good is told why, and connects again by a button", async () => {
  const narrow = await startHub({ env: { MAX_SESSIONS_PER_USER: "1" } });
  try {
    await withPage({ of: narrow }, async (page) => {
      await waits(page);
      const elsewhere = client(narrow.socket);
      await elsewhere.connect();
      await elsewhere.authenticate(ALICE);
      await page.getByText("You’re no longer connected", { exact: true }).waitFor();
      await page.locator(".participant-notice").getByText("This user has a newer connection too many, so the oldest was closed. (4409)").waitFor();
      await page.getByRole("button", { name: "Connect again" }).click();
      await waits(page);
    });
  } finally {
    disconnectAll();
    await narrow.stop();
  }
});

test("a token that Zoom refuses is told in plain words, with Zoom’s own", async () => {
  const zed = "missing.zed@example.com";
  await withPage({ at: `#participant/${zed}` }, async (page) => {
    await waits(page);
    await distribute(hub, [zed]);
    await page.reload();
    await cardOf(page).getByText("No token came of it.").waitFor();
    await cardOf(page).getByRole("button", { name: "Get one now" }).click();
    await cardOf(page).getByText("Zoom knows no such user.").waitFor();
    await cardOf(page).getByText("User does not exist: missing.zed@example.com.").waitFor();
  });
});

/** How many connections the hub has. */
async function sessionsOf(of) {
  return (await (await fetch(`${of.origin}/api/health`)).json()).sessions;
}

test("whoever looks at another view has left, and is back with a token", async () => {
  const eve = "eve@example.com";
  await withPage({ at: `#participant/${eve}` }, async (page) => {
    await waits(page);
    await distribute(hub, [eve]);
    await isHere(page);
    assert.equal(await sessionsOf(hub), 1);
    await page.getByRole("link", { name: "Overview" }).click();
    for (let tries = 0; (await sessionsOf(hub)) > 0; tries += 1) assert.ok(tries < 500, "the connection is still there");
    const { pendingUsers } = await distribute(hub, [eve], OTHER);
    assert.deepEqual(pendingUsers, [eve]);
    await page.getByRole("link", { name: "Participant" }).click();
    assert.equal(await hasFocus(titled(page, "Your meeting token")), true);
    assert.equal(new URL(page.url()).hash, "#participant/eve%40example.com");
    await isHere(page, MEETING);
    await isHere(page, OTHER);
  });
});
