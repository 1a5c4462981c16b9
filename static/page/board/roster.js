// A pasted list to people: IDs with commas, semicolons, tabs or line ends between them, or a table as a spreadsheet saves it
// (CSV). Pure. What is no user ID and what was named before is kept, and marked.

import { key } from "../state.js";

/** Bytes of a user ID at most, as the hub has it. */
const LONGEST = 254;

/** A column that is called so holds the IDs. */
const COLUMN = /^(user[ _-]?id|zoom[ _-]?(user[ _-]?)?id|zoom[ _-]?user|user|id|e-?mail|e-?mail[ _-]?address|mail)$/i;

/**
 * Everybody a text names, in its order, each once.
 * @returns {{ people: string[], wrong: { text: string, line: number, why: string }[],
 *   twice: { text: string, line: number, first: number }[] }} lines count from 1
 */
export function roster(text) {
  const people = [];
  const wrong = [];
  const twice = [];
  const lines = new Map();
  for (const { text: given, line } of ids(records(text))) {
    const why = complaint(given);
    const first = lines.get(key(given));
    if (why) wrong.push({ text: given, line, why });
    else if (first) twice.push({ text: given, line, first });
    else {
      lines.set(key(given), line);
      people.push(given);
    }
  }
  return { people, wrong, twice };
}

/** Why a text is no user ID; empty if it is one. */
function complaint(text) {
  if (/^(me|\.\.?)$/i.test(text)) return "stands for somebody else in Zoom’s API";
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) return "has a control character in it";
  if (new TextEncoder().encode(text).length > LONGEST) return `is longer than ${LONGEST} bytes`;
  if (/\s/.test(text) && !text.includes("@")) return "is a name: the Zoom user ID or the e-mail address is wanted";
  if (/@.*@/.test(text) || /\s/.test(text)) return "is no e-mail address";
  return "";
}

/** The cells that name somebody: of a table those of one column, else all. */
function ids(rows) {
  const width = Math.max(0, ...rows.map(({ cells }) => cells.length));
  const [head, ...rest] = rows;
  const named = head?.cells.findIndex((cell) => COLUMN.test(cell.trim())) ?? -1;
  const column = named >= 0 ? named : width > 1 ? columnOfAddresses(rows) : -1;
  const wanted = named >= 0 ? rest : rows;
  return wanted.flatMap(({ cells, line }) =>
    (column < 0 ? cells : [cells[column] ?? ""])
      .map((cell) => ({ text: address(cell.trim()), line }))
      .filter((one) => one.text !== ""),
  );
}

/** In a table whose columns have no names: the one column where an address stands in each row. */
function columnOfAddresses(rows) {
  const full = rows.filter(({ cells }) => cells.length > 1);
  // Lists of addresses on several lines have them in several columns.
  const columns = full[0]?.cells.map((_, column) => full.every(({ cells }) => cells[column]?.includes("@"))) ?? [];
  const found = columns.flatMap((holds, column) => (holds ? [column] : []));
  const others = full.some(({ cells }) => cells.some((cell, column) => column !== found[0] && cell.includes("@")));
  return found.length === 1 && !others ? found[0] : -1;
}

/** `Ann Smith <ann@example.com>`, as mail programs write it. */
function address(text) {
  return /^[^<>]*<\s*([^<>\s]+@[^<>\s]+)\s*>$/.exec(text)?.[1] ?? text;
}

/** What a text is made of: something in quotes, where a cell begins; other text; a separator or a line's end. */
const PARTS = / *"((?:[^"]|"")*)"|([^,;\t\r\n]+)|([,;\t]|\r\n|\r|\n)/g;

/** Lines of cells. A cell in quotes may hold a separator, a line end, and a quote that is doubled. */
function records(text) {
  const rows = [];
  let cells = [];
  let line = 1;
  let began = 1;
  const end = () => {
    if (cells.some((cell) => cell.trim() !== "")) rows.push({ cells, line: began });
    cells = [];
  };
  for (const [whole, quoted, plain, separator] of text.matchAll(PARTS)) {
    if (quoted !== undefined) cells.push(quoted.replaceAll('""', '"').replace(/\s+/g, " "));
    else if (plain !== undefined) cells.push(plain);
    // An empty cell keeps its place.
    else if (/[,;\t]/.test(separator)) cells.push(null);
    if (separator && !/[,;\t]/.test(separator)) {
      cells = joined(cells);
      end();
      began = line + 1;
    }
    line += whole.match(/\r\n|\r|\n/g)?.length ?? 0;
  }
  cells = joined(cells);
  end();
  return rows;
}

/** Cells and the separators between them (`null`) to cells alone. */
function joined(parts) {
  const cells = [""];
  for (const part of parts) {
    if (part === null) cells.push("");
    else cells[cells.length - 1] += part;
  }
  return cells;
}
