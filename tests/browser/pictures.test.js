// The pictures of the README: made here, from the page as it is. Where one in `docs/` shows something else, this says so;
// `tests/browser/pictures` puts the new ones there.

import assert from "node:assert/strict";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";

import { boardOf, distribute, openPage, photograph, SCREENSHOTS } from "./browser.js";
import { disconnectAll } from "./clients.js";
import { crowd } from "./crowd.js";
import { ROOT, startHub } from "./hub.js";

const MEETING = "123 456 7890";
const HOST = "maria@example.com";
const NAMES = [
  "ada.lovelace", "alan.turing", "barbara.liskov", "donald.knuth", "edsger.dijkstra", "frances.allen", "grace.hopper", "hedy.lamarr",
  "john.backus", "katherine.johnson", "ken.thompson", "margaret.hamilton", "niklaus.wirth", "radia.perlman", "tim.berners-lee",
  "adele.goldberg", "alonzo.church", "annie.easley", "claude.shannon", "dennis.ritchie", "dorothy.vaughan", "john.mccarthy",
  "lynn.conway", "mary.jackson", "rosalind.franklin", "shafi.goldwasser",
].map((name) => `${name}@example.com`);
const AWAY = new Set(["edsger.dijkstra@example.com", "claude.shannon@example.com", "lynn.conway@example.com"]);

let hub;
before(async () => {
  hub = await startHub({ env: { ZOOM_RATE_PER_SECOND: "12" } });
});
after(() => hub?.stop());
afterEach(disconnectAll);

/** Takes a picture and sees whether the one in `docs/` shows the same; with NEW_PICTURES it takes that one's place. */
async function picture(page, name, options) {
  // Nothing is pointed at.
  await page.mouse.move(0, 0);
  await photograph(page, name, options);
  const [taken, published] = [join(SCREENSHOTS, `${name}.png`), join(ROOT, "docs", `${name}.png`)];
  if (process.env.NEW_PICTURES) copyFileSync(taken, published);
  const [made, kept] = [taken, published].map((file) => readFileSync(file));
  const { sizes, difference } = await page.evaluate(compare, [made, kept].map((file) => file.toString("base64")));
  const advice = "run tests/browser/pictures, and look at what it makes";
  const [now, then] = sizes;
  assert.ok(Math.abs(now.width - then.width) < 2 && Math.abs(now.height - then.height) < 60, `${name}: ${JSON.stringify(sizes)}; ${advice}`);
  assert.ok(difference < 0.03, `${name} differs by ${difference.toFixed(3)} from docs/${name}.png: ${advice}`);
}

/** In the page: how much two pictures differ where they are looked at from afar, from 0 to 1. Words and times may be others. */
async function compare(files) {
  const [across, down] = [64, 48];
  const seen = await Promise.all(files.map(async (file) => {
    const bytes = Uint8Array.from(atob(file), (character) => character.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(across, down).getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, across, down);
    return { size: { width, height }, data: context.getImageData(0, 0, across, down).data };
  }));
  const [a, b] = seen.map(({ data }) => data);
  const sum = a.reduce((sum, value, place) => sum + Math.abs(value - b[place]), 0);
  return { sizes: seen.map(({ size }) => size), difference: sum / a.length / 255 };
}

test("the board, as the README shows it, in both themes and on a phone", async () => {
  await crowd(hub, [...NAMES.filter((user) => !AWAY.has(user)), "missing.person@example.com"]);
  const shots = [
    ["board", { viewport: { width: 1280, height: 1000 }, colorScheme: "light" }],
    ["board-dark", { viewport: { width: 1280, height: 1000 }, colorScheme: "dark" }],
    ["board-phone", { viewport: { width: 390, height: 844 }, colorScheme: "light", deviceScaleFactor: 2 }],
  ];
  for (const [name, options] of shots) {
    const { page, close } = await openPage(hub.origin, { at: "#board", ...options });
    try {
      await boardOf(page).getByLabel("Meeting ID").fill(MEETING);
      await boardOf(page).getByLabel("Host").fill(HOST);
      await boardOf(page).getByLabel("People", { exact: true }).fill([...NAMES, "missing.person@example.com"].join("\n"));
      await boardOf(page).getByRole("button", { name: /^3 ?Not here$/ }).waitFor();
      await boardOf(page).getByRole("button", { name: "Give 27 people their token" }).click();
      await boardOf(page).getByRole("heading", { name: "23 of 27 have their token" }).waitFor();
      await boardOf(page).getByText("23 confirmed").waitFor();
      await boardOf(page).getByLabel("Order").selectOption("attention");
      if (name === "board-phone") await page.locator(".board-outcome").evaluate((one) => one.scrollIntoView());
      await picture(page, name, {});
    } finally {
      await close();
    }
  }
});

test("what a participant sees on a phone", async () => {
  const ada = "ada.byron@example.com";
  const at = `#participant/${encodeURIComponent(ada)}`;
  const { page, close } = await openPage(hub.origin, { at, viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true });
  try {
    await page.getByRole("heading", { name: /Waiting for your host/ }).waitFor();
    const body = JSON.stringify({ meetingId: MEETING, hostUserId: HOST, participantUserIds: [ada] });
    const headers = { "Content-Type": "application/json" };
    await fetch(`${hub.origin}/api/meetings/distribute`, { method: "POST", headers, body });
    await page.getByRole("heading", { name: /Your token is here/ }).waitFor();
    await picture(page, "participant", {});
  } finally {
    await close();
  }
});

test("the page that tries everything, after a distribution", async () => {
  const { page, close } = await openPage(hub.origin);
  try {
    await distribute(page);
    await page.evaluate(() => scrollTo(0, 0));
    const panes = await page.locator("#panes").boundingBox();
    const clip = { x: 0, y: 0, width: 1280, height: Math.ceil(panes.y + panes.height + 32) };
    await picture(page, "page", { fullPage: true, clip });
  } finally {
    await close();
  }
});
