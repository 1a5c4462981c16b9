// Debian's Chromium with a fresh profile, and a page in it that notes everything it complains about.

import assert from "node:assert/strict";
import { mkdtempSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import axe from "axe-core";
import { chromium } from "playwright-core";

import { ROOT } from "./hub.js";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
export const SCREENSHOTS = join(ROOT, "target/screenshots");
const DESKTOP = { width: 1280, height: 900 };

/** Opens the page of a hub, `at` a view of it. What it complains about is in `complaints`; `close` ends the browser. */
export async function openPage(origin, { at = "", viewport = DESKTOP, colorScheme = "light", args = [], ...options } = {}) {
  const profile = mkdtempSync(join(tmpdir(), "profile-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: [...ARGUMENTS, ...args],
    viewport,
    colorScheme,
    reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"],
    ...options,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(15_000);
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) complaints.push(`asked for ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (violation) => {
      console.error(`CSP: ${violation.violatedDirective} ${violation.blockedURI}`);
    });
  });
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await page.goto(`${origin}/${at}`);
  } catch (error) {
    // A browser that nobody closes would keep the tests from ending.
    await close();
    throw error;
  }
  return { page, complaints, close };
}

/** Waits until everybody who connects by themselves is connected. */
export async function everybodyConnected(page, many = 5) {
  await page.locator(".pane .chip", { hasText: /^Connected$/ }).nth(many - 1).waitFor();
}

/** Presses the one button and waits for the outcome. */
export async function distribute(page) {
  await everybodyConnected(page);
  await page.getByRole("button", { name: "Run a distribution" }).click();
  await page.getByRole("heading", { name: "3 of 5 have their token" }).waitFor();
}

/** One person's card. */
export function paneOf(page, userId) {
  return page.locator("article.pane").filter({ has: page.getByRole("heading", { name: userId, exact: true }) });
}

/** The board, which is one of the page's views: another has fields of the same names. */
export function boardOf(page) {
  return page.locator("#board");
}

/** A person's token, which is masked until it is revealed. */
export async function tokenOf(page, userId) {
  const pane = paneOf(page, userId);
  assert.match(await pane.locator(".token-text").textContent(), /^.{6}•+.{4}$/, "masked at first");
  await pane.getByRole("button", { name: /^Reveal/ }).click();
  return pane.locator(".token-text").textContent();
}

/** What a token says of itself. */
export function claims(token) {
  return JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
}

/** The events that a client may send, and what answers each. */
export const ANSWERS = {
  authenticate: "authenticated",
  "meeting:start": "meeting:started",
  "meeting:join": "meeting:credentials",
  "meeting:distribute": "meeting:distributed",
  "delivery:ack": "sent",
  "meeting:cancel": "meeting:distributed",
  "distribution:get": "distribution",
  "presence:watch": "presence:state",
  ping: "pong",
};

/** Collects what is said to those who don't see the page, from now on: `heard` tells it. */
export async function listen(page) {
  await page.evaluate(() => {
    globalThis.heard = [];
    const announcer = document.getElementById("announcer");
    new MutationObserver(() => globalThis.heard.push(announcer.textContent)).observe(announcer, { childList: true });
  });
}

export function heard(page) {
  return page.evaluate(() => globalThis.heard);
}

/** What axe finds serious or critical in the page as it is now. */
export async function violations(page) {
  // Evaluated by the debugger, which the page's policy does not bind.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.any[0]?.message ?? ""}`).join("; ")}`);
}

/** The whole page as a picture, in `target/screenshots`. */
export async function photograph(page, name, options = { fullPage: true }) {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), animations: "disabled", ...options });
}

/** Sees that nothing is wider than the window. */
export async function fits(page, width) {
  const { wide, out } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth,
    out: [...document.querySelectorAll("body *")]
      .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5)
      .map((one) => `${one.tagName}.${one.className}`),
  }));
  assert.ok(wide <= width, `${wide}: ${out}`);
}

/** The name of what has the focus, which must be seen to have it. */
export async function focused(page) {
  return page.evaluate(() => {
    const now = document.activeElement;
    const ring = getComputedStyle(now);
    const bare = now.matches("input, body, main") || ring.outlineStyle !== "none";
    if (!bare) throw new Error(`the focus can't be seen on ${now.outerHTML.slice(0, 200)}`);
    return now.getAttribute("aria-label") ?? now.textContent.trim();
  });
}

export function hasFocus(field) {
  return field.evaluate((one) => one === document.activeElement);
}

export async function tabInto(page, field) {
  for (let steps = 0; !(await hasFocus(field)); steps += 1) {
    assert.ok(steps < 150, "no way to the field by Tab");
    await page.keyboard.press("Tab");
  }
}

export async function tabTo(page, name) {
  const seen = [];
  for (let steps = 0; steps < 150; steps += 1) {
    await page.keyboard.press("Tab");
    seen.push(await focused(page));
    if (name.test(seen.at(-1))) return;
  }
  assert.fail(`no way to ${name} by Tab: ${seen.join(" | ")}`);
}
