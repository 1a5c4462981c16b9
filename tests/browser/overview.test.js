// The operators’ view: figures of a real hub, whom they are shown to, and what is said while there are none.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { fits, hasFocus, heard, listen, openPage, photograph, violations } from "./browser.js";
import { client, disconnectAll } from "./clients.js";
import { sign, startAskingHub } from "./credential.js";
import { startHub } from "./hub.js";

const STATS = "/api/stats";
const MEETING = { meetingId: "1234567890", hostUserId: "host@example.com" };

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
afterEach(disconnectAll);

async function withPage({ of = hub, ...options }, act) {
  const opened = await openPage(of.origin, { at: "#overview", ...options });
  try {
    await act(opened.page, opened);
  } finally {
    await opened.close();
  }
}

const figure = (page, name) => page.locator("#overview .tile").filter({ has: page.getByText(name, { exact: true }) }).locator(".figure");
const fact = (page, name) => page.locator("#overview .facts div").filter({ has: page.getByText(name, { exact: true }) }).locator("dd");
const shows = (where, text) => where.filter({ hasText: new RegExp(`^${text}$`) }).waitFor();
const isLive = (page) => page.locator(".overview-head").getByText("Live", { exact: true }).waitFor();

async function arrives(of, userId) {
  const made = client(of.socket);
  made.on("meeting:credentials", () => {});
  await made.connect();
  await made.authenticate(userId);
  return made;
}

/** A host presses. */
async function distribute(of, participantUserIds) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ ...MEETING, participantUserIds });
  const answer = await fetch(`${of.origin}/api/meetings/distribute`, { method: "POST", headers, body });
  assert.equal(answer.status, 200);
}

/** Loads the page anew, with its clock in our hands: only timers that are set after that are. */
async function withClock(page, options) {
  await page.clock.install(options);
  await page.reload();
}

/** Every question for the figures from now on. */
function questions(page) {
  const asked = [];
  page.on("request", (request) => new URL(request.url()).pathname === STATS && asked.push(request));
  return asked;
}

test("the figures tell of a distribution: who is there, who is awaited, what was minted, what went wrong", async () => {
  const fresh = await startHub();
  try {
    await withPage({ of: fresh }, async (page, { complaints }) => {
      await isLive(page);
      for (const name of ["Sessions", "Users", "Running", "Queued", "Awaited", "Remembered"]) await shows(figure(page, name), "0");
      await page.getByText("None.").waitFor();
      await listen(page);
      for (const name of ["alice", "bob", "bob"]) await arrives(fresh, `${name}@example.com`);
      await distribute(fresh, ["alice@example.com", "bob@example.com", "dave@example.com"]);
      await shows(figure(page, "Sessions"), "3");
      await shows(figure(page, "Users"), "2");
      await shows(figure(page, "Awaited"), "1");
      await shows(fact(page, "OBF, for participants"), "2");
      await shows(fact(page, "ZAK, for hosts"), "1");
      await page.getByText(/^Highest in two minutes: (0\.\d|[1-9]\S*)$/).waitFor();
      await page.locator('.spark-line[d*="L"]').waitFor({ state: "attached" });
      await shows(fact(page, "Calls"), "Go through");
      await shows(fact(page, "Pace"), "No limit");
      await shows(fact(page, "Waiting"), "0 calls");
      await page.getByText("Logged in", { exact: true }).waitFor();
      await page.getByText(/^Up for (\d+ min )?\d+ s · as of /).waitFor();
      await arrives(fresh, "missing.erin@example.com");
      await distribute(fresh, ["missing.erin@example.com"]);
      const row = page.getByRole("row", { name: /zoom_user_not_found/ });
      await row.getByText("Zoom knows no such user.").waitFor();
      assert.equal(await row.getByRole("cell").first().textContent(), "1");
      assert.deepEqual(await heard(page), [], "figures are not read out");
      assert.deepEqual(complaints, []);
    });
  } finally {
    disconnectAll();
    await fresh.stop();
  }
});

test("the pace is the hub’s, and its end is told once: Zoom away, and back", async () => {
  const paced = await startHub({ env: { ZOOM_RATE_PER_SECOND: "30" } });
  try {
    await withPage({ of: paced }, async (page) => {
      await fact(page, "Pace").filter({ hasText: /^(30|29(\.\d)?) calls a second$/ }).waitFor();
      await listen(page);
      await paced.faults({ errorRate: 1 });
      const names = Array.from({ length: 25 }, (_, index) => `user${index}@example.com`);
      for (const name of names) await arrives(paced, name);
      const answers = Promise.allSettled(names.map((name) => fetch(`${paced.origin}/api/meetings/join`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ meetingId: MEETING.meetingId, participantUserId: name }),
      })));
      await page.getByText(/^Paused: too many failed/).waitFor();
      await photograph(page, "light-overview-paused", {});
      await paced.faults(null);
      await shows(fact(page, "Calls"), "Go through");
      assert.deepEqual(await heard(page), [
        "Calls to Zoom are paused",
        "Calls to Zoom go through again",
      ]);
      await answers;
    });
  } finally {
    disconnectAll();
    await paced.stop();
  }
});

test("a hub that goes: the last figures stay, grey, with their time; and one that is back is live again", async () => {
  let now = await startHub();
  try {
    await withPage({ of: now }, async (page) => {
      await arrives(now, "alice@example.com");
      await shows(figure(page, "Sessions"), "1");
      await listen(page);
      const { port } = now;
      await now.stop();
      const notice = page.locator(".overview-notice");
      await notice.getByText("The hub can’t be reached.").waitFor();
      await notice.getByText(/^The figures are of \S.*\. This page keeps asking\.$/).waitFor();
      assert.equal(await figure(page, "Sessions").textContent(), "1");
      assert.equal(await page.locator(".figures.stale").count(), 1);
      await page.getByText("Hub unreachable").waitFor();
      await photograph(page, "light-overview-lost", {});
      const found = await violations(page);
      // It goes on asking, and says nothing more of it.
      await page.waitForEvent("requestfailed", (request) => new URL(request.url()).pathname === STATS);
      now = await startHub({ port });
      await isLive(page);
      await notice.getByText("The hub can’t be reached.").waitFor({ state: "detached" });
      assert.equal(await page.locator(".figures.stale").count(), 0);
      const said = await heard(page);
      assert.equal(said.length, 2, said.join());
      assert.match(said[0], /^The hub can’t be reached\. The figures are of /);
      assert.equal(said[1], "The hub answers again");
      assert.deepEqual(found, []);
    });
  } finally {
    disconnectAll();
    await now.stop();
  }
});

test("nobody is asked while another view is shown", async () => {
  await withPage({}, async (page) => {
    await withClock(page);
    await isLive(page);
    const asked = questions(page);
    await page.clock.runFor(2000);
    await page.getByRole("link", { name: "Participant" }).click();
    await page.locator("#participant").waitFor();
    const before = asked.length;
    assert.ok(before > 0, "while it is shown it is asked");
    await page.clock.runFor(30_000);
    assert.equal(asked.length, before);
    const question = page.waitForRequest((request) => request.url().endsWith(STATS));
    await page.getByRole("link", { name: "Overview" }).click();
    await question;
    assert.equal(await hasFocus(page.getByRole("heading", { name: "How the hub is doing" })), true);
    await isLive(page);
  });
});

async function paste(page, credential) {
  const field = page.getByLabel("Credential (a JWT)");
  if (!(await field.isVisible())) await page.getByText("Use another").click();
  await field.fill(credential);
  await page.getByRole("button", { name: /^Use (it|this one)$/ }).click();
}

test("where credentials are asked for it takes a service’s; with another, or none, nobody is asked and it is said", async () => {
  await withPage({ of: asking }, async (page, { complaints }) => {
    const asked = questions(page);
    const notice = page.locator(".overview-notice");
    await notice.getByText("This hub asks for a credential.").waitFor();
    for (const role of ["participant", "host"]) {
      await paste(page, sign("alice@example.com", { role }));
      await notice.getByText(`this one is alice@example.com’s, of role ${role}.`).waitFor();
      assert.equal(await page.locator(".figures").isVisible(), false);
    }
    assert.equal(asked.length, 0);
    await paste(page, sign("bots@example.com", { role: "service" }));
    await isLive(page);
    await shows(figure(page, "Sessions"), "0");
    await page.getByRole("button", { name: "Forget it" }).click();
    await notice.getByText("This hub asks for a credential.").waitFor();
    assert.equal(await page.locator(".figures").isVisible(), false);
    assert.deepEqual(complaints, []);
  });
});

test("a credential that counts no more is told, and isn’t shown to the hub again and again", async () => {
  await withPage({ of: asking }, async (page) => {
    const mine = "old.bots@example.com";
    await withClock(page);
    await paste(page, sign(mine, { role: "service" }));
    await isLive(page);
    await asking.revoke(mine);
    await page.locator(".overview-notice").getByText("This credential was revoked.").waitFor();
    const asked = questions(page);
    await page.clock.runFor(30_000);
    assert.equal(asked.length, 0);
    await paste(page, sign(mine, { role: "service" }));
    await isLive(page);
  });
});

/** What a busy hub answers, at its `second`: a distribution of a thousand comes and goes. */
function busy(second) {
  const wave = Math.max(0, Math.sin(second / 17)) * 24 + Math.max(0, Math.sin(second / 5)) * 5;
  busy.obf = (busy.obf ?? 18_204) + Math.round(wave * 2);
  return {
    success: true,
    timestamp: new Date(Date.UTC(2026, 2, 2, 9) + second * 1000).toISOString(),
    uptimeSeconds: 1_036_800 + second,
    sessions: 1284,
    users: 1147,
    distributions: { running: 2, remembered: 37, queued: 412, pending: 86 },
    zoom: { status: "connected", breaker: "closed", ratePerSecond: 29.4, waiting: 412, underWay: 11 },
    tokens: { zak: 96, obf: busy.obf },
    errors: [
      { code: "zoom_user_not_found", count: 14, lastAt: "2026-03-02T08:58:11.000Z" },
      { code: "rate_limited", count: 3, lastAt: "2026-03-02T07:20:40.000Z" },
      { code: "zoom_unavailable", count: 121, lastAt: "2026-03-01T22:03:09.000Z" },
    ],
  };
}

for (const colorScheme of ["light", "dark"]) {
  for (const [device, viewport] of [["phone", { width: 360, height: 740 }], ["tablet", { width: 820, height: 1100 }], ["desktop", { width: 1280, height: 900 }]]) {
    test(`${colorScheme}, ${device}: two minutes of a busy hub have room, and axe finds nothing serious`, async () => {
      await withPage({ at: "#participant", colorScheme, viewport }, async (page, { complaints }) => {
        let second = 0;
        await page.route(`**${STATS}`, (route) => route.fulfill({ json: busy((second += 2)) }));
        await withClock(page, { time: new Date("2026-03-02T09:00:00Z") });
        await page.getByRole("link", { name: "Overview" }).click();
        await isLive(page);
        for (let ticks = 0; second < 124; ticks += 1) {
          assert.ok(ticks < 200, "it is asked every two seconds");
          await page.clock.runFor(2000);
          await shows(fact(page, "OBF, for participants"), busy.obf.toLocaleString("en"));
        }
        await page.getByText(/^Highest in two minutes: \d\d/).waitFor();
        await fits(page, viewport.width);
        await photograph(page, `${colorScheme}-${device}-overview`);
        assert.deepEqual(await violations(page), []);
        assert.deepEqual(complaints, []);
      });
    });
  }
}
