// The participant’s view where credentials are asked for, by keyboard, and to the eye: both themes, phone and desktop.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { claims, fits, focused, hasFocus, heard, listen, openPage, photograph, tabInto, tabTo, violations } from "./browser.js";
import { forged, sign, startAskingHub } from "./credential.js";
import { startHub } from "./hub.js";
import { MEETING, OTHER, cardOf, connected, distribute, isHere, sayWho, titled, tokenOn, waits } from "./participant.js";

const ALICE = "alice@example.com";
const PHONE = { width: 360, height: 740 };

let hub;
let asking;
before(async () => {
  hub = await startHub();
  asking = await startAskingHub();
});
after(async () => {
  await hub?.stop();
  await asking?.stop();
});

async function withPage({ of = hub, ...options }, act) {
  const opened = await openPage(of.origin, { at: "#participant", ...options });
  try {
    await act(opened.page, opened);
  } finally {
    await opened.close();
  }
}

async function paste(page, credential) {
  const field = page.getByLabel("Credential (a JWT)");
  if (!(await field.isVisible())) await page.getByText("Use another").click();
  await field.fill(credential);
  await page.getByRole("button", { name: /^Use (it|this one)$/ }).click();
}

/** A host presses, where credentials are asked for. */
function hand(participantUserIds) {
  return asking.post("/api/meetings/distribute", { meetingId: MEETING, hostUserId: "host@example.com", participantUserIds });
}

test("a credential says who waits; without one it is said what is missing, and where it goes", async () => {
  await withPage({ of: asking }, async (page, { complaints }) => {
    await titled(page, "This hub asks for a credential.").waitFor();
    assert.equal(await page.getByLabel("Zoom user ID").count(), 0);
    await page.getByRole("button", { name: "Go to the credential" }).click();
    const field = page.getByLabel("Credential (a JWT)");
    assert.equal(await hasFocus(field), true);
    await paste(page, sign(ALICE));
    await waits(page);
    await page.locator(".me").getByText(ALICE).waitFor();
    assert.equal(await page.getByRole("button", { name: /^Not you/ }).count(), 0);
    await hand([ALICE]);
    await isHere(page);
    assert.equal(claims(await tokenOn(cardOf(page))).sub, ALICE);
    // Another’s credential: hers is gone from the page.
    await paste(page, sign("bob@example.com"));
    await page.locator(".me").getByText("bob@example.com").waitFor();
    await waits(page);
    assert.equal(await page.locator(".token-text").count(), 0);
    await page.getByRole("button", { name: "Forget it" }).click();
    await titled(page, "This hub asks for a credential.").waitFor();
    // So it is while another view is shown.
    await paste(page, sign(ALICE));
    await isHere(page);
    await page.getByRole("link", { name: "Overview" }).click();
    assert.equal(await page.locator(".token-text").count(), 1);
    await page.getByRole("button", { name: "Forget it" }).click();
    await page.getByLabel("Credential (a JWT)").waitFor();
    assert.equal(await page.locator(".token-text").count(), 0);
    assert.deepEqual(complaints, []);
  });
});

test("a service’s credential may wait as anybody, and one that is revoked says so while the token stays", async () => {
  await withPage({ of: asking }, async (page) => {
    await paste(page, sign("bots@example.com", { role: "service" }));
    await sayWho(page, "dora@example.com");
    await waits(page);
    await hand(["dora@example.com"]);
    await isHere(page);
    await asking.revoke("bots@example.com");
    const notice = page.locator(".participant-notice");
    await notice.getByText("This credential was revoked.").waitFor();
    assert.equal(await cardOf(page).locator(".token-text").count(), 1);
    await notice.getByRole("button", { name: "Go to the credential" }).click();
    await paste(page, sign("bots@example.com", { role: "service" }));
    await connected(page);
    await notice.getByText("This credential was revoked.").waitFor({ state: "detached" });
    await isHere(page);
  });
});

test("a forged credential is told to be none of the hub’s", async () => {
  await withPage({ of: asking }, async (page) => {
    await page.getByLabel("Credential (a JWT)").waitFor();
    await listen(page);
    await paste(page, forged("fay@example.com"));
    const notice = page.locator(".participant-notice");
    await notice.getByText("The hub doesn’t accept this credential.").waitFor();
    await page.locator(".me").getByText("Not connected").waitFor();
    assert.equal((await heard(page)).filter((text) => text.includes("doesn’t accept")).length, 1);
    await paste(page, sign("fay@example.com"));
    await waits(page);
    assert.equal(await notice.isVisible(), false);
  });
});

test("by keyboard alone from the first question to the meeting", async () => {
  const kim = "kim@example.com";
  await withPage({}, async (page) => {
    await titled(page, "Who are you?").waitFor();
    await tabInto(page, page.getByLabel("Zoom user ID or e-mail address"));
    await page.keyboard.insertText(kim);
    await page.keyboard.press("Enter");
    await waits(page);
    await distribute(hub, [kim]);
    await isHere(page);
    await tabTo(page, /^Reveal the token of kim@example\.com$/);
    await page.keyboard.press("Space");
    await cardOf(page).locator(".token-text", { hasText: /^eyJ[\w.-]+$/ }).waitFor();
    await tabTo(page, /^Get a fresh one for kim@example\.com$/);
    const first = await cardOf(page).locator(".token-text").textContent();
    await page.keyboard.press("Enter");
    await cardOf(page).locator(".token-text").filter({ hasNotText: first }).waitFor();
    assert.equal(await focused(page), "Get a fresh one for kim@example.com", "the focus stays with the fresh one");
    await tabTo(page, /^I’m in the meeting/);
    await page.keyboard.press("Enter");
    await cardOf(page).getByRole("heading", { name: "You’re in the meeting" }).waitFor();
    assert.equal(await hasFocus(titled(page, "You’re in the meeting")), true);
    await tabTo(page, /^Get a fresh one: meeting 123 456 7890$/);
  });
});

for (const colorScheme of ["light", "dark"]) {
  for (const [device, viewport] of [["phone", PHONE], ["desktop", { width: 1280, height: 900 }]]) {
    test(`${colorScheme}, ${device}: axe finds nothing serious from the question to the used token, and all has room`, async () => {
      const user = `${colorScheme}.${device}.with.a.name.that.needs.room@example.com`;
      await withPage({ colorScheme, viewport }, async (page, { complaints }) => {
        const looked = async (name) => {
          await fits(page, viewport.width);
          await page.evaluate(() => scrollTo(0, 0));
          await photograph(page, `${colorScheme}-${device}-participant-${name}`);
          assert.deepEqual(await violations(page), [], name);
        };
        await titled(page, "Who are you?").waitFor();
        await looked("who");
        await sayWho(page, user);
        await waits(page);
        await looked("waits");
        await distribute(hub, [user], OTHER);
        await isHere(page, OTHER);
        await looked("token");
        await cardOf(page, OTHER).getByText("How to use it").click();
        await cardOf(page, OTHER).getByRole("button", { name: `Reveal the token of ${user}` }).click();
        await cardOf(page, OTHER).getByRole("button", { name: "Reveal the token in the code" }).click();
        await looked("revealed");
        await cardOf(page, OTHER).getByRole("button", { name: "I’m in the meeting" }).click();
        await distribute(hub, [user]);
        await isHere(page, MEETING);
        await looked("used");
        assert.deepEqual(complaints, []);
      });
    });
  }
}

for (const colorScheme of ["light", "dark"]) {
  test(`${colorScheme}, phone: so it does where something is missing: an end, a refusal, a lost hub, a credential`, async () => {
    const brief = await startHub({ env: { OBF_TTL_SECONDS: "3", MIN_TOKEN_LIFE_SECONDS: "1" } });
    const looked = async (page, name) => {
      await fits(page, PHONE.width);
      await photograph(page, `${colorScheme}-phone-participant-${name}`);
      assert.deepEqual(await violations(page), [], name);
    };
    try {
      await withPage({ of: brief, at: `#participant/${ALICE}`, colorScheme, viewport: PHONE }, async (page) => {
        await waits(page);
        await distribute(brief, [ALICE]);
        await isHere(page);
        await brief.faults({ missingScope: true });
        await cardOf(page).getByRole("heading", { name: "This token has ended" }).waitFor();
        await looked(page, "ended");
        await cardOf(page).getByRole("button", { name: "Get a fresh one" }).click();
        await cardOf(page).getByText("The Zoom app lacks a permission.").waitFor();
        await looked(page, "refused");
        await brief.stop();
        await page.getByText("You’re offline", { exact: true }).waitFor();
        await looked(page, "offline");
      });
      await withPage({ of: asking, colorScheme, viewport: PHONE }, async (page) => {
        await titled(page, "This hub asks for a credential.").waitFor();
        await looked(page, "credential");
      });
    } finally {
      await brief.stop();
    }
  });
}
