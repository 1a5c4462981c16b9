// The participant’s view as a test uses it: its cards, and the host who presses elsewhere.

import assert from "node:assert/strict";

export const MEETING = "1234567890";
export const OTHER = "98765432101";
export const NAMES = { [MEETING]: "Meeting 123 456 7890", [OTHER]: "Meeting 987 6543 2101" };

/** A host presses. */
export async function distribute(of, participantUserIds, meetingId = MEETING) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ meetingId, hostUserId: "host@example.com", participantUserIds });
  const answer = await fetch(`${of.origin}/api/meetings/distribute`, { method: "POST", headers, body });
  assert.equal(answer.status, 200);
  return answer.json();
}

export function cardOf(page, meetingId = MEETING) {
  return page.getByRole("article", { name: NAMES[meetingId] });
}

export function titled(page, title) {
  return page.locator("#participant").getByRole("heading", { name: title });
}

/** Waits for a meeting’s token. */
export async function isHere(page, meetingId) {
  await cardOf(page, meetingId).getByRole("heading", { name: "Your token is here" }).waitFor();
}

export async function connected(page) {
  await page.locator(".me").getByText("Connected", { exact: true }).waitFor();
}

/** Waits until there is nothing to do but wait. */
export async function waits(page) {
  await connected(page);
  await titled(page, "Waiting for your host").waitFor();
}

/** Says who sits here, where the page asks. */
export async function sayWho(page, userId) {
  await page.getByLabel("Zoom user ID or e-mail address").fill(userId);
  await page.getByRole("button", { name: "Wait for my token" }).click();
}

/** The token of a card, which is masked until it is revealed. */
export async function tokenOn(card) {
  const text = card.locator(".token-text");
  assert.match(await text.textContent(), /^.{6}•+.{4}$/, "masked at first");
  await card.getByRole("button", { name: /^Reveal the token of / }).click();
  return text.textContent();
}
