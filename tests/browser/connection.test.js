// What the page does when the hub goes, comes back, or closes a connection for good; and the API explorer.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { ANSWERS, distribute, everybodyConnected, openPage, paneOf, photograph } from "./browser.js";
import { startHub } from "./hub.js";

let hub;
before(async () => {
  hub = await startHub();
});
after(() => hub?.stop());

async function withPage(act) {
  const { page, complaints, close } = await openPage(hub.origin);
  try {
    await everybodyConnected(page);
    await act(page, complaints);
  } finally {
    await close();
  }
}

/** Picks a call in the explorer by its whole name. */
async function pick(page, name) {
  await page.locator("#explorer").getByRole("radio", { name, exact: true }).check({ force: true });
}

async function send(page) {
  await page.locator("#explorer").getByRole("button", { name: "Send" }).click();
}

test("a hub that is stopped says so, and the page comes back when there is a new one", async () => {
  await withPage(async (page) => {
    await distribute(page);
    const { port } = hub;
    await hub.stop();
    const alice = paneOf(page, "alice@example.com");
    await alice.getByText("The hub is being stopped. (4503)").or(alice.getByText("The connection was lost.")).first().waitFor();
    await alice.getByText(/Reconnecting in \d+ s/).waitFor();
    await page.getByText("Hub unreachable").waitFor();
    await page.evaluate(() => scrollTo(0, 0));
    await photograph(page, "light-hub-gone");
    hub = await startHub({ port });
    await everybodyConnected(page);
    await page.getByText("5 of 6 connected").waitFor();
    await page.locator("#status").getByText("Simulator").waitFor();
    // And they are authenticated again: everybody who was there gets a token.
    await page.getByRole("button", { name: "Run it again" }).click();
    await page.getByRole("heading", { name: "3 of 5 have their token" }).waitFor();
  });
});

test("the reason of a stop is seen", async () => {
  await withPage(async (page) => {
    const { port } = hub;
    await hub.stop();
    await page.getByText(/The hub is being stopped\. \(4503\)/).first().waitFor({ timeout: 4000 }).catch(async () => {
      assert.fail(await page.locator(".why").allTextContents().then(String));
    });
    hub = await startHub({ port });
    await everybodyConnected(page);
  });
});

test("a close for good says why, and a button brings the connection back", async () => {
  await withPage(async (page, complaints) => {
    const explorer = page.locator("#explorer");
    await pick(page, "raw frame");
    await explorer.getByLabel("Text of the frame").fill("not JSON");
    for (let times = 0; times < 3; times += 1) {
      await send(page);
      await explorer.locator(".answer-head").or(explorer.getByText("Three messages in a row")).first().waitFor();
    }
    await explorer.getByText(/Three messages in a row.*\(4400\)/).waitFor();
    await explorer.getByRole("button", { name: "Reconnect the explorer" }).click();
    await explorer.getByText("Connected", { exact: true }).waitFor();
    await explorer.getByLabel("Text of the frame").fill('{"event": "ping", "id": "mine"}');
    await send(page);
    await explorer.getByText('"id": "mine"').first().waitFor();
    assert.deepEqual(complaints, []);
  });
});

test("who leaves on purpose stays away until the button is pressed", async () => {
  await withPage(async (page) => {
    const bob = paneOf(page, "bob@example.com");
    await bob.getByRole("button", { name: "Disconnect bob@example.com" }).click();
    await bob.getByText("Disconnected by you.").waitFor();
    await bob.getByRole("button", { name: "Reconnect bob@example.com" }).click();
    await bob.getByText("Connected", { exact: true }).waitFor();
  });
});

/** What can be picked under a title, as it is named. */
function offered(page, title) {
  const radios = page.locator("#explorer").getByRole("group", { name: title }).getByRole("radio");
  return radios.evaluateAll((radios) =>
    radios.map((radio) => radio.nextSibling.textContent.replace(/^(GET|POST)/, "$1 ")),
  );
}

test("the explorer offers every call and every event that the hub’s index lists", async () => {
  await withPage(async (page) => {
    const answer = await fetch(hub.origin, { headers: { Accept: "application/json" } });
    const { endpoints, websocket } = await answer.json();
    const calls = await offered(page, "HTTP");
    assert.deepEqual(calls.toSorted(), ["GET /", ...Object.values(endpoints)].toSorted());
    const events = await offered(page, "Events");
    assert.deepEqual(events.toSorted(), [...websocket.events.client, "raw frame"].toSorted());
    assert.deepEqual(Object.keys(ANSWERS).toSorted(), websocket.events.client.toSorted(), "each is tried here");
  });
});

test("every HTTP call of the explorer is answered, and shown as curl and fetch", async () => {
  await withPage(async (page, complaints) => {
    const explorer = page.locator("#explorer");
    const names = await offered(page, "HTTP");
    let distributionId;
    for (const name of names) {
      await explorer.locator("fieldset").first().getByRole("radio").nth(names.indexOf(name)).check({ force: true });
      await explorer.getByRole("heading", { name, exact: true }).waitFor();
      await send(page);
      await explorer.locator(".answer-head", { hasText: "200 OK" }).waitFor();
      const shown = await explorer.getByRole("region", { name: "The answer" }).textContent();
      assert.doesNotMatch(shown, /eyJ[\w-]{20,}/, name);
      distributionId = /"distributionId": "(\w+)"/.exec(shown)?.[1] ?? distributionId;
      const path = name.split(" ")[1].replace("{id}", distributionId);
      const curl = explorer.getByRole("region", { name: "The call as curl" });
      assert.ok((await curl.textContent()).includes(`'${hub.origin}${path}'`));
      await explorer.getByRole("button", { name: "fetch" }).click();
      assert.ok((await explorer.getByRole("region", { name: "The call as fetch" }).textContent()).includes("await fetch("));
    }
    assert.deepEqual(complaints, []);
  });
});

test("every event of the explorer is answered, and shown as client.js and as a frame", async () => {
  await withPage(async (page, complaints) => {
    const explorer = page.locator("#explorer");
    for (const [name, answer] of Object.entries(ANSWERS)) {
      await pick(page, name);
      await send(page);
      await explorer.locator(".answer-head", { hasText: answer }).waitFor();
      assert.match(await explorer.getByRole("region", { name: "The call as client.js" }).textContent(), /await hub\./);
      await explorer.getByRole("button", { name: "Frame" }).click();
      assert.equal(JSON.parse(await explorer.getByRole("region", { name: "The call as Frame" }).textContent()).event, name);
    }
    assert.deepEqual(complaints, []);
  });
});

test("a token that came to the explorer is confirmed there by hand, and what is left out goes unsaid", async () => {
  await withPage(async (page, complaints) => {
    const explorer = page.locator("#explorer");
    const code = explorer.getByRole("region", { name: "The call as" });
    const answered = (text) => explorer.getByRole("region", { name: "The answer" }).getByText(text).waitFor();
    await pick(page, "authenticate");
    assert.match(await code.textContent(), /await hub\.authenticate\("alice@example\.com"\)/);
    await send(page);
    await answered('"alice@example.com"');
    await pick(page, "meeting:distribute");
    for (const field of ["hold", "holdSeconds", "idempotencyKey"]) assert.ok(!(await code.textContent()).includes(field));
    await explorer.getByLabel("Waits for them, seconds").fill("60");
    await explorer.getByLabel("Idempotency key").fill("mine");
    assert.match(await code.textContent(), /"holdSeconds": 60,\s+"idempotencyKey": "mine"/);
    await send(page);
    await answered('"pending": 1');
    await pick(page, "delivery:ack");
    await send(page);
    await answered("Nothing answers it");
    await pick(page, "distribution:get");
    await explorer.getByLabel("Its progress comes here").check();
    assert.match(await code.textContent(), /follow: true/);
    await send(page);
    await explorer.locator(".answer-head", { hasText: "distribution" }).waitFor();
    const shown = JSON.parse(await explorer.getByRole("region", { name: "The answer" }).textContent());
    const { status } = shown.participants.find(({ userId }) => userId === "alice@example.com");
    assert.equal(status, "acknowledged");
    await pick(page, "meeting:distribute");
    await explorer.getByLabel("Waits for who is absent").uncheck();
    assert.match(await code.textContent(), /"hold": false/);
    await send(page);
    await answered('"not_connected"');
    await pick(page, "delivery:ack");
    await explorer.getByRole("textbox", { name: "Delivery" }).fill("");
    await send(page);
    await explorer.getByText("Something in the request is missing").waitFor();
    assert.deepEqual(complaints, []);
  });
});

test("a refusal in the explorer is in plain words, with Zoom’s own and what to do", async () => {
  await withPage(async (page) => {
    const explorer = page.locator("#explorer");
    await pick(page, "meeting:join");
    await explorer.getByLabel("Participant", { exact: true }).fill("missing.zoe@example.com");
    await send(page);
    await explorer.getByText("Zoom knows no such user.").waitFor();
    await explorer.getByText("Check the spelling").waitFor();
    assert.match(await explorer.getByRole("region", { name: "The answer" }).textContent(), /"zoom_user_not_found"/);
    await pick(page, "meeting:join");
    await explorer.getByLabel("Meeting ID").fill("12");
    await send(page);
    await explorer.getByText("That is no meeting ID.").waitFor();
  });
});

test("what Zoom refuses altogether is said where the outcome would be, with what to do", async () => {
  await withPage(async (page, complaints) => {
    const run = page.getByRole("button", { name: /^Run/ });
    const outcome = page.locator("#outcome");
    const cases = [
      [{ missingScope: true }, "The Zoom app lacks a permission."],
      [{ errorRate: 1, errorKind: "html" }, "Zoom can’t be reached, or has trouble."],
    ];
    const refused = async (faults, words) => {
      await hub.faults(faults);
      await run.click();
      await outcome.getByText("Nothing was distributed").waitFor();
      await outcome.getByText(words).waitFor();
      await hub.faults(null);
    };
    for (const [faults, words] of cases) await refused(faults, words);
    await photograph(page, "light-refused", {});
    await run.click();
    await page.getByRole("heading", { name: "3 of 5 have their token" }).waitFor();
    await refused({ dailyLimit: true }, "Zoom’s limit of calls a day is reached.");
    assert.deepEqual(complaints, []);
  });
  // The hub asks Zoom no more that day.
  await hub.stop();
  hub = await startHub();
});

test("a hub that Zoom did not let in says so, and why", async () => {
  const nowhere = "http://127.0.0.1:9";
  const env = {
    ZOOM_CLIENT_ID: "a",
    ZOOM_CLIENT_SECRET: "b",
    ZOOM_ACCOUNT_ID: "c",
    ZOOM_OAUTH_URL: `${nowhere}/oauth/token`,
    ZOOM_API_URL: `${nowhere}/v2`,
  };
  const shutOut = await startHub({ env });
  const { page, close } = await openPage(shutOut.origin);
  try {
    await page.locator("#status").getByText("No login").waitFor();
    await page.locator("#status").getByText("Zoom", { exact: true }).waitFor();
    await page.locator("#run-hint").getByText(/OAuth authentication failed/).waitFor();
    await page.getByText("gets real tokens from Zoom").waitFor();
    assert.equal(await page.getByText("Simulated").count(), 0);
  } finally {
    await close();
    await shutOut.stop();
  }
});

test("a participant’s token is a fresh one before it ends; a host’s that has expired says so, and a fresh one is had", async () => {
  await withPage(async (page) => {
    await hub.faults(null);
    await page.clock.install();
    await distribute(page);
    const alice = paneOf(page, "alice@example.com");
    await alice.getByText(/^(30:00|29:5\d) left$/).waitFor();
    const first = await alice.locator(".token-text").textContent();
    await page.clock.fastForward("29:30");
    await alice.locator(".token-text").filter({ hasNotText: first }).waitFor();
    await alice.getByText(/^(30:00|29:5\d) left$/).waitFor();
    const host = paneOf(page, "host@example.com");
    await page.clock.fastForward("02:00:00");
    await host.getByText("Expired").waitFor();
    await host.getByRole("button", { name: /^Get a fresh one/ }).click();
    await host.getByText(/^(2:00:00|1:59:5\d) left$/).waitFor();
  });
});

test("a page of another origin imports client.js from the hub and is served", async () => {
  const module = `
    import { Hub } from "${hub.origin}/client.js";
    const hub = new Hub();
    await hub.connect();
    const { userId } = await hub.authenticate("alice@example.com");
    document.title = userId + " at " + hub.url;
  `;
  const elsewhere = createServer((_request, answer) => {
    answer.setHeader("Content-Type", "text/html");
    answer.end(`<!doctype html><link rel="icon" href="data:,"><script type="module">${module}</script>`);
  });
  elsewhere.listen(0, "127.0.0.1");
  await once(elsewhere, "listening");
  const { page, close } = await openPage(`http://localhost:${elsewhere.address().port}`);
  try {
    await page.waitForFunction(() => document.title !== "", null, { timeout: 10_000 });
    assert.equal(await page.title(), `alice@example.com at ${hub.socket}`);
  } finally {
    await close();
    elsewhere.close();
  }
});
