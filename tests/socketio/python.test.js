// The same walk with Python's client, by each way of connecting. `run` says where its modules are.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { startHub } from "../browser/hub.js";
import { WAYS } from "./client.js";

const WALK = fileURLToPath(new URL("walk.py", import.meta.url));

let hub;
before(async () => {
  hub = await startHub();
});
after(() => hub?.stop());

for (const [way, { transports = [] }] of Object.entries(WAYS)) {
  test(`${way}: Python's client walks`, { timeout: 60_000 }, async () => {
    const env = { ...process.env, PYTHONPATH: process.env.PYTHON_MODULES };
    const walk = promisify(execFile)("python3", [WALK, hub.origin, ...transports], { env, timeout: 50_000 });
    const { stdout } = await walk;
    assert.equal(stdout, "walked\n");
  });
}
