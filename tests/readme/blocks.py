"""Runs the blocks of README.md in order, in a copy of the working tree without what git ignores.

Every ```bash block runs, by `bash -euo pipefail` from the copy's folder, within a minute and with exit code 0. Of the
```js blocks those that say so run, by node as a module. HTML comments directly before a block say otherwise, one
each, in any number:

    <!-- not run: REASON -->     it is left out, and listed with the reason
    <!-- serves -->              it starts a hub, in the background: the next block runs once that is ready. It ends
                                 what served before, and what stands after the server in the same block isn't reached
    <!-- runs in node -->        a ```js block is run
    <!-- ready when: TEXT -->    in the background: the next block runs once this is printed. At the end it may have
                                 ended by itself with 0; else it is stopped then
    <!-- prints: TEXT -->        its output must have this in it; of one in the background, at the end

An unknown comment of this kind (`<!-- WORDS -->` directly before such a block) is an error.

Blocks have few variables of the environment, so that what a developer has set doesn't matter. In them localhost:3000
stands for a free port, which the hub is told by PORT. With README_FAST=1, `cargo run --release` runs the binary of a
debug build of the working tree; without, it builds in the copy, or in CARGO_TARGET_DIR.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FAST = os.environ.get("README_FAST") == "1"
BLOCK_SECONDS = 60
SERVE_SECONDS = 60 if FAST else 1800  # a release build from nothing
KEPT = ["PATH", "HOME", "LANG", "TMPDIR", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "CARGO_TARGET_DIR",
        "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE"]
SHELL = ("bash", "sh", "shell")
SCRIPT = ("js", "javascript", "mjs")


class Failed(Exception):
    """Why README.md doesn't hold."""


class Block:
    def __init__(self, language, line, text, comments):
        self.name = f"README.md:{line} ({language})"
        self.language, self.text = language, text
        self.reason = self.ready = None
        self.serves = self.in_node = False
        self.prints = []
        for comment in comments:
            word, _, rest = (part.strip() for part in comment.partition(":"))
            if word == "not run" and rest:
                self.reason = rest
            elif comment == "serves" and language in SHELL:
                self.serves = True
            elif comment == "runs in node" and language in SCRIPT:
                self.in_node = True
            elif word == "ready when" and rest:
                self.ready = rest
            elif word == "prints" and rest:
                self.prints.append(rest)
            else:
                raise Failed(f"{self.name} has the comment <!-- {comment} -->, which tests/readme/blocks.py doesn't know")
        if self.serves and self.ready:
            raise Failed(f"{self.name} serves, so it is ready when the hub says so")

    @property
    def runs(self):
        return self.reason is None and (self.language in SHELL or self.in_node)


def blocks(text):
    """The blocks of a Markdown text that a shell or node could run."""
    found, comments, fence = [], [], None
    for number, line in enumerate(text.splitlines(), 1):
        if fence:
            indent, mark, language, at, lines = fence
            if re.fullmatch(rf"\s*{mark[0]}{{{len(mark)},}}\s*", line):
                if language in SHELL + SCRIPT:
                    found.append(Block(language, at, "\n".join(lines) + "\n", comments))
                fence, comments = None, []
            else:
                lines.append(line[indent:] if not line[:indent].strip() else line)
        elif opening := re.match(r"(\s*)(`{3,}|~{3,})\s*(\w*)", line):
            fence = (len(opening[1]), opening[2], opening[3].lower(), number, [])
        elif comment := re.fullmatch(r"\s*<!--\s*(.*?)\s*-->\s*", line):
            comments.append(comment[1])
        elif line.strip():
            comments = []
    if fence:
        raise Failed(f"README.md:{fence[3]}: the block has no end")
    return found


class Run:
    """A block that runs."""

    def __init__(self, block, place, port, environment):
        self.block = block
        text = re.sub(r"\b(localhost|127\.0\.0\.1):3000\b", rf"\g<1>:{port}", block.text)
        command = ["bash", "-euo", "pipefail", "-c", text] if block.language in SHELL else node()
        self.log = tempfile.TemporaryFile()
        self.child = subprocess.Popen(
            command, cwd=place, env=environment, start_new_session=True, stdout=self.log, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL if block.language in SHELL else subprocess.PIPE,
        )
        if self.child.stdin:
            self.child.stdin.write(text.encode())
            self.child.stdin.close()

    def output(self):
        # By position: the child writes at the same one.
        return os.pread(self.log.fileno(), 1 << 24, 0).decode(errors="replace")

    def fail(self, why):
        raise Failed(f"{self.block.name} {why}:\n{self.output()[-4000:]}")

    def until(self, done, seconds, what):
        deadline = time.monotonic() + seconds
        while not done():
            if self.child.poll() is not None and not done():
                self.fail(f"ended with {self.child.returncode} before {what}")
            if time.monotonic() > deadline:
                self.fail(f"has not got to {what} in {seconds} s")
            time.sleep(0.05)

    def finish(self):
        """Waits for the end of a block that ends by itself."""
        try:
            self.child.wait(BLOCK_SECONDS)
        except subprocess.TimeoutExpired:
            self.fail(f"has not ended in {BLOCK_SECONDS} s")
        self.settle()

    def settle(self):
        """Looks at one that has ended."""
        if self.child.returncode != 0:
            self.fail(f"ended with {self.child.returncode}")
        self.expect()

    def expect(self):
        for text in self.block.prints:
            if text not in self.output():
                self.fail(f"did not print {text!r}")

    def conclude(self):
        """The end of one in the background: what it is to print may be on its way."""
        deadline = time.monotonic() + 10
        while not all(text in self.output() for text in self.block.prints) and time.monotonic() < deadline:
            time.sleep(0.05)
        if self.child.poll() is not None and (self.block.serves or self.child.returncode != 0):
            self.fail(f"ended with {self.child.returncode}")
        self.expect()
        self.stop()

    def stop(self):
        for kind, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
            try:
                os.killpg(self.child.pid, kind)
            except ProcessLookupError:
                pass  # all of it has ended
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline:
                self.child.poll()
                try:
                    os.killpg(self.child.pid, 0)
                except (ProcessLookupError, PermissionError):
                    return
                time.sleep(0.05)


def node():
    """Reads a module from standard input; imports are found from the copy's folder."""
    version = subprocess.run(["node", "-p", "parseInt(process.versions.node)"], capture_output=True, text=True, check=True)
    experimental = ["--experimental-websocket"] if int(version.stdout) < 22 else []
    return ["node", *experimental, "--input-type=module"]


def copy_to(place):
    """What git tracks or would track, as it stands in the working tree."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, target = ROOT / name, place / name
        if source.is_symlink() or source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)


def shim(folder):
    """A `cargo` whose `run --release` is the binary of a debug build; for anything else it is cargo."""
    subprocess.run(["cargo", "build", "--locked", "--quiet", "--bin", "zoom-token-hub"], cwd=ROOT, check=True)
    metadata = subprocess.run(["cargo", "metadata", "--locked", "--no-deps", "--format-version", "1"], cwd=ROOT,
                              capture_output=True, check=True)
    binary = Path(json.loads(metadata.stdout)["target_directory"]) / "debug" / "zoom-token-hub"
    folder.mkdir()
    cargo = folder / "cargo"
    cargo.write_text(f"""#!/usr/bin/env bash
if [ "${{1-}} ${{2-}}" = "run --release" ]; then
    shift 2
    if [ "${{1-}}" = -- ]; then shift; fi
    exec '{binary}' "$@"
fi
exec '{shutil.which("cargo")}' "$@"
""")
    cargo.chmod(0o755)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_ready(port):
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/api/health/ready", timeout=5) as answer:
            return answer.status == 200
    except (OSError, urllib.error.HTTPError):
        return False


def run_all(found, work):
    place = work / "zoom-token-hub"
    copy_to(place)
    port = free_port()
    environment = {name: os.environ[name] for name in KEPT if name in os.environ} | {"PORT": str(port)}
    if FAST:
        shim(work / "bin")
        environment["PATH"] = f"{work / 'bin'}:{environment['PATH']}"
    server, others = None, []
    try:
        for block in found:
            if not block.runs:
                print(f"  not run  {block.name}: {block.reason or 'not said to run in node'}", flush=True)
                continue
            began = time.monotonic()
            if block.serves and server:
                server.conclude()
                server = None
            run = Run(block, place, port, environment)
            if block.serves:
                server = run
                run.until(lambda: is_ready(port), SERVE_SECONDS, "a hub that is ready")
            elif block.ready:
                others.append(run)
                run.until(lambda: block.ready in run.output(), BLOCK_SECONDS, repr(block.ready))
            else:
                try:
                    run.finish()
                finally:
                    run.stop()
            print(f"  ran      {block.name}: {time.monotonic() - began:.1f} s", flush=True)
        for run in others:
            run.conclude()
        if server:
            server.conclude()
    finally:
        for run in [*others, *filter(None, [server])]:
            run.stop()


def main():
    # As any other end, so that what runs is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        found = blocks((ROOT / "README.md").read_text(encoding="utf-8"))
        if not any(block.runs for block in found):
            raise Failed("README.md has no block that runs, so this test looks in the wrong place")
        with tempfile.TemporaryDirectory() as work:
            run_all(found, Path(work))
    except Failed as failed:
        print(f"\nFAILED: {failed}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
