// The page while a distribution goes on: the bar, the rows that end, and what is left of it; against a hub that is slow.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { everybodyConnected, openPage, photograph, violations } from "./browser.js";
import { startHub } from "./hub.js";

let hub;
before(async () => {
  // The ZAK and four OBF tokens, one a second.
  hub = await startHub({ env: { ZOOM_RATE_PER_SECOND: "1" } });
});
after(() => hub?.stop());

async function withPage(options, act) {
  const { page, complaints, close } = await openPage(hub.origin, options);
  try {
    await everybodyConnected(page);
    await page.getByRole("button", { name: "Run a distribution" }).click();
    await act(page, page.getByRole("progressbar", { name: "Progress of the distribution" }));
    await page.getByRole("heading", { name: "3 of 5 have their token" }).waitFor();
    assert.deepEqual(complaints, []);
  } finally {
    await close();
  }
}

for (const carrier of ["websocket", "polling"]) {
  test(`${carrier}: the bar moves and rows end before the whole is over, and then it is gone`, async () => {
    const { page, close } = await openPage(hub.origin);
    try {
      await page.getByLabel("Connections over").selectOption(carrier);
      await everybodyConnected(page);
      await page.getByRole("button", { name: "Run a distribution" }).click();
      const outcome = page.locator("#outcome");
      const bar = outcome.getByRole("progressbar");
      await outcome.getByText(/^\d of 5, about \d s left$/).waitFor();
      await outcome.locator("li.waiting").first().waitFor();
      const seen = new Set();
      for (let tries = 0; seen.size < 3 && tries < 200; tries += 1) {
        seen.add(await bar.evaluate(({ value, max }) => `${value} of ${max}`));
        await page.waitForTimeout(50);
      }
      assert.ok([...seen].every((far) => /^[0-4] of 5$/.test(far)), [...seen].join());
      assert.equal(await outcome.locator("li").count(), 5);
      await outcome.locator("li.done").first().waitFor();
      assert.ok((await outcome.locator("li.waiting").count()) > 0);
      await page.getByRole("heading", { name: "3 of 5 have their token" }).waitFor();
      assert.equal(await bar.count(), 0);
      const ends = await outcome.locator("li").evaluateAll((rows) => rows.map((row) => row.className));
      assert.deepEqual(ends, ["done", "done", "done", "pending", "failed"]);
    } finally {
      await close();
    }
  });
}

test("the focus on a row that has ended stays there to the end", async () => {
  await withPage({}, async (page, bar) => {
    await bar.waitFor();
    const connect = page.locator("#outcome").getByRole("button", { name: "Connect dave@example.com" });
    await connect.focus();
    await bar.waitFor({ state: "detached" });
    assert.equal(await connect.evaluate((button) => button === document.activeElement), true);
  });
});

for (const colorScheme of ["light", "dark"]) {
  test(`${colorScheme}: axe finds nothing serious meanwhile, and 360 pixels are enough`, async () => {
    await withPage({ colorScheme, viewport: { width: 360, height: 740 } }, async (page, bar) => {
      await page.locator("#outcome").getByText(/about \d s left/).waitFor();
      await page.locator("#outcome li.done").first().waitFor();
      await photograph(page, `${colorScheme}-phone-progress`, {});
      const found = await violations(page);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 360);
      assert.equal(await bar.count(), 1, "it was still under way");
      assert.match(await bar.getAttribute("aria-valuetext"), /^\d of 5/);
      assert.deepEqual(found, []);
    });
  });
}
