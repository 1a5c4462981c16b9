// What the board makes of a pasted list, of what the hub tells of rows, and of a file to save: the parts without a page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { csv, fileName } from "../../static/page/board/csv.js";
import { roster } from "../../static/page/board/roster.js";
import { Rows } from "../../static/page/board/rows.js";

const people = (text) => roster(text).people;
const ANN = "ann@example.com";
const BOB = "bob@example.com";

test("a list has commas, semicolons, tabs or line ends between its people", () => {
  for (const text of [`${ANN},${BOB}`, `${ANN};${BOB};`, `${ANN}\t${BOB}`, `\n${ANN}\r\n\r\n ${BOB} \n`, `"${ANN}", "${BOB}"`, `${ANN}, ${BOB},`]) {
    assert.deepEqual(people(text), [ANN, BOB], JSON.stringify(text));
  }
  assert.deepEqual(people(""), []);
});

test("of a table the column of the people is taken, by its name or by what stands in it", () => {
  assert.deepEqual(people(`name,E-Mail,team\n"Smith, Ann",${ANN},Sales\nBob,${BOB},\n,,\n`), [ANN, BOB]);
  assert.deepEqual(people(`Ann Smith;${ANN};Sales\nBob;${BOB};Ops`), [ANN, BOB]);
  assert.deepEqual(people(`User ID\nKbcd1234\n${BOB}`), ["Kbcd1234", BOB]);
  // No table: two lists, one below the other.
  assert.deepEqual(people(`${ANN},${BOB}\ncarol@example.com`), [ANN, BOB, "carol@example.com"]);
});

test("a cell in quotes may hold separators, and an address may stand behind a name", () => {
  assert.deepEqual(people(`"Smith, ""Ann""" <${ANN}>; Bob <${BOB}>`), [ANN, BOB]);
  assert.deepEqual(people(`name,email\n"Ann\nSmith",${ANN}`), [ANN]);
});

test("who is named twice is marked with both lines, whatever the case of A to Z", () => {
  const { people, twice } = roster(`${ANN}\n${BOB}\nANN@example.com`);
  assert.deepEqual(people, [ANN, BOB]);
  assert.deepEqual(twice, [{ text: "ANN@example.com", line: 3, first: 1 }]);
  // A look-alike is somebody else: only A to Z have a case.
  assert.equal(roster("\u212aate@example.com\nkate@example.com").twice.length, 0);
});

test("what is no user ID is marked with its line, and why", () => {
  const { people, wrong } = roster(`me\n${ANN}\nAnn Smith\na@b@c\n${"x".repeat(255)}`);
  assert.deepEqual(people, [ANN]);
  assert.deepEqual(wrong.map(({ line }) => line), [1, 3, 4, 5]);
  assert.ok(wrong.every(({ why }) => why.length > 10));
});

test("a later distribution's word on a person counts, and an older one's no more", () => {
  const rows = new Rows();
  rows.plan([ANN, BOB]);
  rows.take("first", [{ userId: ANN, status: "failed", code: "overloaded", sessions: 0 }, { userId: BOB, status: "pending", sessions: 0 }]);
  assert.deepEqual(rows.retryable().map(({ userId }) => userId), [ANN]);
  rows.take("second", [{ userId: "ANN@example.com", status: "queued", sessions: 0 }]);
  assert.equal(rows.take("first", [{ userId: ANN, status: "failed", code: "cancelled", sessions: 0 }]).length, 0);
  const [ann] = rows.take("second", [{ userId: ANN, status: "delivered", sessions: 1, at: "2026-11-24T14:02:07Z" }]);
  assert.deepEqual([ann.userId, ann.status, ann.code], [ANN, "delivered", undefined]);
  assert.deepEqual(rows.take("second", [{ userId: ANN, status: "delivered", sessions: 1, at: "2026-11-24T14:02:07Z" }]), []);
});

test("rows are counted, filtered, searched and sorted", () => {
  const rows = new Rows();
  rows.plan(["d10@x.com", "d9@x.com", ANN, BOB]);
  rows.presence([{ userId: "D9@x.com", online: false }, { userId: ANN, online: true }, { userId: "nobody@x.com", online: true }]);
  rows.take("one", [
    { userId: "d10@x.com", status: "acknowledged", sessions: 1, at: "2026-11-24T14:00:02Z" },
    { userId: "d9@x.com", status: "pending", sessions: 0, at: "2026-11-24T14:00:00Z" },
    { userId: ANN, status: "failed", code: "zoom_user_not_found", sessions: 0, at: "2026-11-24T14:00:03Z" },
    { userId: BOB, status: "delivered", sessions: 2, at: "2026-11-24T14:00:01Z" },
  ]);
  const { all, have, nothing, awaited, failed, absent, acknowledged } = rows.counts();
  assert.deepEqual([all, have, nothing, awaited, failed, absent, acknowledged], [4, 2, 2, 1, 1, 1, 1]);
  const shown = (look) => rows.shown(look).map(({ userId }) => userId);
  assert.deepEqual(shown({}), [ANN, "d9@x.com", BOB, "d10@x.com"]);
  assert.deepEqual(shown({ sort: "name" }), [ANN, BOB, "d9@x.com", "d10@x.com"]);
  assert.deepEqual(shown({ sort: "latest" }), [ANN, "d10@x.com", BOB, "d9@x.com"]);
  assert.deepEqual(shown({ sort: "pasted", filter: "nothing" }), ["d9@x.com", ANN]);
  assert.deepEqual(shown({ search: "X.com D1" }), ["d10@x.com"]);
});

test("a file has no token, and no cell that a spreadsheet would run", () => {
  const at = Date.parse("2026-11-24T14:02:07Z");
  const text = csv([
    { userId: "=cmd|' /C calc'!A0", status: "failed", online: false, sessions: 0, at, code: "zoom_user_not_found" },
    { userId: 'a"b@x.com', status: "acknowledged", online: true, sessions: 1, at },
    ...["+1", "-1", "@sum", "\t=1"].map((userId) => ({ userId, status: "planned" })),
  ]);
  const [head, first, second, ...others] = text.trimEnd().split("\r\n");
  assert.equal(head, '"user_id","status","here","connections","last_change","code","reason"');
  assert.equal(first, `"'=cmd|' /C calc'!A0","failed","no","0","2026-11-24T14:02:07.000Z","zoom_user_not_found","Zoom knows no such user."`);
  assert.equal(second, '"a""b@x.com","acknowledged","yes","1","2026-11-24T14:02:07.000Z","",""');
  assert.ok(others.every((line) => line.startsWith(`"'`)), others.join("\n"));
  assert.equal(fileName("1234567890", new Date(at)), "tokens-1234567890-2026-11-24T14-02-07.csv");
});
