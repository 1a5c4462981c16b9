// How the board looks and reads: both themes, phone width, by keyboard alone, to axe, and with a thousand rows.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { boardOf, fits, openPage, photograph, tabInto, tabTo, violations } from "./browser.js";
import { client, disconnectAll } from "./clients.js";
import { crowd, people } from "./crowd.js";
import { startHub } from "./hub.js";

const HOST = "host@example.com";
const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 360, height: 740 };

let hub;
before(async () => {
  hub = await startHub({ env: { ZOOM_RATE_PER_SECOND: "40", RECEIPT_TIMEOUT_SECONDS: "0.5" } });
});
after(() => hub?.stop());
afterEach(disconnectAll);

for (const colorScheme of ["light", "dark"]) {
  for (const [device, viewport] of [["desktop", DESKTOP], ["phone", PHONE]]) {
    test(`${colorScheme}, ${device}: nothing is wider than the window and axe finds nothing serious, planned, under way and at the end`, async () => {
      const name = `${colorScheme}.${device}`;
      const long = `${name}.somebody.with.a.name.that.takes.more.room.than.any.phone.has@subsidiary.example.com`;
      const here = [...people(60, name), long];
      await crowd(hub, here);
      await crowd(hub, [`${name}.deaf@example.com`, `missing.${name}@example.com`], { deaf: true });
      const { page, complaints, close } = await openPage(hub.origin, { at: "#board", colorScheme, viewport });
      const looked = async (state) => {
        await fits(page, viewport.width);
        await photograph(page, `${colorScheme}-${device}-board-${state}`, {});
        assert.deepEqual(await violations(page), []);
      };
      try {
        await boardOf(page).getByLabel("Meeting ID").fill("123 456 7890");
        await boardOf(page).getByLabel("Host").fill(HOST);
        const list = [...here, `${name}.deaf@example.com`, `missing.${name}@example.com`, ...people(6, `away.${name}`)];
        await boardOf(page).getByLabel("People", { exact: true }).fill([...list, list[0], "No Address"].join("\n"));
        await boardOf(page).getByText("69 people · 1 named twice · 1 can’t be used").waitFor();
        await boardOf(page).getByRole("button", { name: /^6 ?Not here$/ }).waitFor();
        await looked("planned");
        await boardOf(page).getByRole("button", { name: "Give 69 people their token" }).click();
        await boardOf(page).getByText(/in line, about/).waitFor();
        await photograph(page, `${colorScheme}-${device}-board-running`, {});
        await boardOf(page).getByRole("heading", { name: "61 of 69 have their token" }).waitFor();
        await boardOf(page).getByRole("button", { name: /^2 ?Failed$/ }).waitFor();
        await looked("end");
        const row = boardOf(page).locator(".board-body").getByRole("row").nth(30);
        await row.scrollIntoViewIfNeeded();
        // Rows that were never in sight have their height only now.
        await row.scrollIntoViewIfNeeded();
        await looked("scrolled");
        const top = await boardOf(page).locator(".board-counters").boundingBox();
        assert.ok(top.y >= 0 && top.y < 140, "the counters stay in sight");
        assert.deepEqual(complaints, []);
      } finally {
        await close();
      }
    });
  }
}

test("by keyboard alone from an empty board to a retried row", async () => {
  const [ann] = people(1, "keyboard");
  const deaf = await crowd(hub, [ann, "missing.keyboard@example.com"], { deaf: true });
  const { page, close } = await openPage(hub.origin);
  try {
    await tabTo(page, /^Board$/);
    await page.keyboard.press("Enter");
    await boardOf(page).getByLabel("Meeting ID").waitFor();
    await tabInto(page, boardOf(page).getByLabel("Meeting ID"));
    await page.keyboard.insertText("123-456-7890");
    await page.keyboard.press("Tab");
    await page.keyboard.insertText(HOST);
    await tabInto(page, boardOf(page).getByLabel("People", { exact: true }));
    await page.keyboard.insertText(`${ann}\nmissing.keyboard@example.com`);
    await tabTo(page, /^Give 2 people their token$/);
    await page.keyboard.press("Enter");
    await boardOf(page).getByRole("heading", { name: "0 of 2 have their token" }).waitFor();
    await boardOf(page).getByRole("button", { name: /^2 ?Failed$/ }).waitFor();
    deaf.listen();
    await tabTo(page, /^2 ?Failed$/);
    await page.keyboard.press("Space");
    await tabTo(page, new RegExp(`^Try again for ${ann}$`));
    await page.keyboard.press("Enter");
    await boardOf(page).getByRole("heading", { name: "1 of 2 have their token" }).waitFor();
    await boardOf(page).getByRole("button", { name: /^1 ?Failed$/ }).waitFor();
  } finally {
    await close();
  }
});

test("a thousand rows fill within two seconds, and the page is told how long its longest task was", async (t) => {
  const paced = await startHub({ env: { ZOOM_RATE_PER_SECOND: "500", MESSAGE_RATE_PER_SECOND: "400" } });
  const everybody = people(1000, "thousand");
  const { page, close } = await openPage(paced.origin, { at: "#board" });
  try {
    await crowd(paced, everybody);
    await boardOf(page).getByLabel("Meeting ID").fill("1234567890");
    await boardOf(page).getByLabel("Host").fill(HOST);
    await boardOf(page).getByLabel("People", { exact: true }).fill(everybody.join("\n"));
    await boardOf(page).getByRole("button", { name: /^0 ?Not here$/ }).waitFor();
    const session = await page.context().newCDPSession(page);
    const events = [];
    session.on("Tracing.dataCollected", ({ value }) => events.push(...value));
    await session.send("Tracing.start", { categories: "toplevel,devtools.timeline,disabled-by-default-devtools.timeline", transferMode: "ReportEvents" });
    const started = Date.now();
    await boardOf(page).getByRole("button", { name: "Give 1000 people their token" }).click();
    await boardOf(page).getByRole("heading", { name: "1000 of 1000 have their token" }).waitFor();
    const took = Date.now() - started;
    const ended = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
    await session.send("Tracing.end");
    await ended;
    const main = events.find(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
    const tasks = events.filter(({ name, pid, tid }) => name === "RunTask" && pid === main.pid && tid === main.tid);
    assert.ok(tasks.length > 10, "the trace has the page's tasks");
    const longest = tasks.map(({ dur }) => dur / 1000).sort((a, b) => b - a);
    const words = longest.slice(0, 5).map((ms) => ms.toFixed(0)).join(", ");
    t.diagnostic(`1,000 rows in ${took} ms; the longest tasks of the page: ${words} ms; over 100 ms: ${longest.filter((ms) => ms > 100).length}`);
  } finally {
    await close();
    await paced.stop();
  }
});
