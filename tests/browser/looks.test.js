// How the page looks and reads: both themes, phone width, by keyboard alone, and to axe.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  distribute, everybodyConnected, fits, focused, hasFocus, openPage, paneOf, photograph, tabInto, tabTo, violations,
} from "./browser.js";
import { sign, startAskingHub } from "./credential.js";
import { startHub } from "./hub.js";

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

for (const colorScheme of ["light", "dark"]) {
  test(`${colorScheme}: axe finds nothing serious before or after a distribution`, async () => {
    const { page, complaints, close } = await openPage(hub.origin, { colorScheme });
    try {
      await everybodyConnected(page);
      assert.deepEqual(await violations(page), []);
      await photograph(page, `${colorScheme}-start`, {});
      await distribute(page);
      await page.locator("#explorer").getByText("/api/meetings/setup").click();
      await page.locator("#explorer").getByRole("button", { name: "Send" }).click();
      await page.locator("#explorer").getByText("200 OK").waitFor();
      assert.deepEqual(await violations(page), []);
      await page.evaluate(() => scrollTo(0, 0));
      await photograph(page, `${colorScheme}-desktop`);
      assert.deepEqual(complaints, []);
    } finally {
      await close();
    }
  });

  test(`${colorScheme}: a phone of 360 pixels shows everything without scrolling sideways`, async () => {
    const viewport = { width: 360, height: 740 };
    const { page, complaints, close } = await openPage(hub.origin, { colorScheme, viewport, hasTouch: true });
    try {
      await everybodyConnected(page);
      await photograph(page, `${colorScheme}-phone-start`, {});
      await distribute(page);
      await page.locator("#explorer").getByRole("button", { name: "Send" }).click();
      await page.locator("#explorer").getByText("200 OK").waitFor();
      await paneOf(page, "alice@example.com").getByRole("button", { name: /^Reveal/ }).click();
      await fits(page, 360);
      await photograph(page, `${colorScheme}-phone`);
      assert.deepEqual(await violations(page), []);
      assert.deepEqual(complaints, []);
    } finally {
      await close();
    }
  });
}

for (const colorScheme of ["light", "dark"]) {
  for (const [device, viewport] of [["desktop", { width: 1280, height: 900 }], ["phone", { width: 360, height: 740 }]]) {
    test(`${colorScheme}, ${device}: the credential’s place has room and contrast, empty, in use and spent`, async () => {
      const { page, complaints, close } = await openPage(asking.origin, { colorScheme, viewport });
      const looked = async (name) => {
        await fits(page, viewport.width);
        await photograph(page, `${colorScheme}-${device}-credential-${name}`, {});
        assert.deepEqual(await violations(page), []);
      };
      try {
        const field = page.getByLabel("Credential (a JWT)");
        await field.fill("nothing of the kind");
        await page.getByRole("button", { name: "Use it" }).click();
        await page.getByText("That is no credential").waitFor();
        await page.locator("article.pane").first().waitFor();
        await looked("missing");
        const sub = `a.name.that.takes.more.room.than.any.phone.has.for.${colorScheme}.${device}@example.com`;
        const meetings = Array.from({ length: 12 }, (_, number) => String(1234567890 + number));
        await field.fill(sign(sub, { role: "service", meetings }));
        await page.getByRole("button", { name: "Use it" }).click();
        await everybodyConnected(page);
        await looked("used");
        await asking.revoke(sub);
        await page.locator("#credential").getByText("This credential was revoked.").waitFor();
        await page.locator(".why", { hasText: "(4602)" }).nth(4).waitFor();
        await looked("revoked");
        await field.fill(sign("alice@example.com"));
        await page.getByRole("button", { name: "Use this one" }).click();
        await paneOf(page, "alice@example.com").getByText("Connected", { exact: true }).waitFor();
        await page.locator(".lacks").first().scrollIntoViewIfNeeded();
        await looked("another-users");
        assert.deepEqual(complaints, []);
      } finally {
        await close();
      }
    });
  }
}

test("the theme is switched by the toggle and survives a reload", async () => {
  const { page, close } = await openPage(hub.origin);
  try {
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.getByRole("button", { name: /^Theme/ }).click();
    assert.equal(await background(), light);
    await page.getByRole("button", { name: /^Theme/ }).click();
    const dark = await background();
    assert.notEqual(dark, light);
    await page.reload();
    assert.equal(await background(), dark);
    assert.deepEqual(await page.evaluate(() => Object.entries(localStorage)), [["theme", "dark"]]);
  } finally {
    await close();
  }
});

test("by keyboard alone to a finished distribution, a revealed token and an answer", async () => {
  const { page, close } = await openPage(hub.origin);
  try {
    await everybodyConnected(page);
    await page.keyboard.press("Tab");
    assert.equal(await focused(page), "Skip to the content");
    await page.keyboard.press("Enter");
    await tabTo(page, /^Run a distribution$/);
    await page.keyboard.press("Space");
    await page.getByRole("heading", { name: "3 of 5 have their token" }).waitFor();
    await tabTo(page, /^Reveal the token of alice@example\.com$/);
    await page.keyboard.press("Enter");
    await paneOf(page, "alice@example.com").locator(".token-text", { hasText: /^eyJ[\w.-]+$/ }).waitFor();
    await tabTo(page, /^Connect dave@example\.com$/);
    await page.keyboard.press("Enter");
    await paneOf(page, "dave@example.com").getByText("Connected", { exact: true }).waitFor();
    await tabTo(page, /^Send$/);
    await page.keyboard.press("Enter");
    await page.locator("#explorer").getByText("200 OK").waitFor();
  } finally {
    await close();
  }
});

test("by keyboard alone a credential is put to use, and forgotten", async () => {
  const { page, close } = await openPage(asking.origin);
  try {
    const field = page.getByLabel("Credential (a JWT)");
    await field.waitFor();
    await tabInto(page, field);
    await page.keyboard.insertText(sign("bots@example.com", { role: "service" }));
    await page.keyboard.press("Enter");
    await everybodyConnected(page);
    await tabTo(page, /^Forget it$/);
    await page.keyboard.press("Enter");
    await page.getByText("0 of 6 connected").waitFor();
    // The focus is where the button was.
    await page.keyboard.press("Tab");
    assert.equal(await hasFocus(field), true);
  } finally {
    await close();
  }
});
