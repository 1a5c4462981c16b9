// How the page looks and reads: both themes, phone width, by keyboard alone, and to axe.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { distribute, everybodyConnected, openPage, paneOf, photograph, violations } from "./browser.js";
import { startHub } from "./hub.js";

let hub;
before(async () => {
  hub = await startHub();
});
after(() => hub?.stop());

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
      if (colorScheme === "light") await photographReadme(page);
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
      const { wide, out } = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth,
        out: [...document.querySelectorAll("body *")]
          .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5)
          .map((one) => `${one.tagName}.${one.className}`),
      }));
      assert.ok(wide <= 360, `${wide}: ${out}`);
      await photograph(page, `${colorScheme}-phone`);
      assert.deepEqual(await violations(page), []);
      assert.deepEqual(complaints, []);
    } finally {
      await close();
    }
  });
}

/** The README's picture: the page down to the people, after a distribution. */
async function photographReadme(page) {
  const panes = await page.locator("#panes").boundingBox();
  const clip = { x: 0, y: 0, width: 1280, height: Math.ceil(panes.y + panes.height + 32) };
  await photograph(page, "page", { fullPage: true, clip });
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
    assert.equal(await focused(page), "Skip to the distribution");
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

/** The name of what has the focus, which must be seen to have it. */
async function focused(page) {
  return page.evaluate(() => {
    const now = document.activeElement;
    const ring = getComputedStyle(now);
    const bare = now.matches("input, body, main") || ring.outlineStyle !== "none";
    if (!bare) throw new Error(`the focus can't be seen on ${now.outerHTML.slice(0, 200)}`);
    return now.getAttribute("aria-label") ?? now.textContent.trim();
  });
}

async function tabTo(page, name) {
  const seen = [];
  for (let steps = 0; steps < 150; steps += 1) {
    await page.keyboard.press("Tab");
    seen.push(await focused(page));
    if (name.test(seen.at(-1))) return;
  }
  assert.fail(`no way to ${name} by Tab: ${seen.join(" | ")}`);
}
