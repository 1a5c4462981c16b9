// The outcome as a file for spreadsheets. Pure. No token is in it, and no cell that a spreadsheet would run.

import { plainly } from "../words.js";

const HEAD = ["user_id", "status", "here", "connections", "last_change", "code", "reason"];

/** The rows as CSV (RFC 4180). */
export function csv(rows) {
  const lines = rows.map(({ userId, status, online, sessions, at, code }) => [
    userId,
    status,
    online === undefined ? "" : online ? "yes" : "no",
    sessions ?? "",
    at ? new Date(at).toISOString() : "",
    code ?? "",
    code ? plainly(code).what : "",
  ]);
  return [HEAD, ...lines].map((cells) => `${cells.map(cell).join(",")}\r\n`).join("");
}

/** A cell in quotes; one that begins as a formula does begins with an apostrophe, which shows it as text. */
function cell(value) {
  const text = String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}

/** A name for the file that sorts by time. */
export function fileName(meetingId, now = new Date()) {
  return `tokens-${meetingId}-${now.toISOString().slice(0, 19).replaceAll(":", "-")}.csv`;
}

/** Has the browser save a text. */
export function save(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
