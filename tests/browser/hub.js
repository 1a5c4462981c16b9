// The real hub as a child process, without credentials, on a port of its own.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BINARY = process.env.HUB_BINARY ?? join(ROOT, "target/debug/zoom-token-hub");
const START_MS = 20_000;
const STOP_MS = 35_000;

/** Starts a hub, at no pace unless `env` sets one; resolves once it listens. */
export async function startHub({ port = 0, env = {} } = {}) {
  // A folder without a `.env`, and an environment without anybody's settings.
  const folder = mkdtempSync(join(tmpdir(), "hub-"));
  const child = spawn(BINARY, [], {
    cwd: folder,
    env: { PATH: process.env.PATH, PORT: String(port), RUST_LOG: "error", ZOOM_RATE_PER_SECOND: "0", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = once(child, "exit");
  let said = "";
  const listening = await within(START_MS, "the hub to listen", new Promise((resolve, reject) => {
    child.stdout.on("data", (chunk) => {
      said += chunk;
      const found = /Listening:\s+\S*?:(\d+)[,\s]/.exec(said);
      if (found) resolve(Number(found[1]));
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the hub ended with ${code}: ${said}`)));
  }));
  return {
    port: listening,
    origin: `http://localhost:${listening}`,
    socket: `ws://localhost:${listening}/ws`,
    /** Switches faults of its simulator, as docs/simulator.md has them; without any, sets all back. */
    async faults(faults) {
      const url = `${/Faults:.*(http:\S+)/.exec(said)[1]}/faults`;
      const headers = { "Content-Type": "application/json" };
      const how = faults ? { method: "PATCH", headers, body: JSON.stringify(faults) } : { method: "DELETE" };
      const answer = await fetch(url, how);
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    },
    /** What its simulator has seen. */
    async seen() {
      const { seen } = await (await fetch(/Faults:.*(http:\S+)/.exec(said)[1])).json();
      return seen;
    },
    /** Asks it to stop, as an operator would, and waits until it has. */
    async stop() {
      if (child.exitCode === null) {
        child.kill("SIGTERM");
        await within(STOP_MS, "the hub to stop", ended);
      }
      process.off("exit", kill);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The promise, or an error once so many milliseconds have gone by. */
export function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
