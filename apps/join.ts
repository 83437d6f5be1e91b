/**
 * Joins two tables, CSV files with headers, on a column that both have. Each row of one makes a row with each row of the
 * other that has the same in that column.
 *
 *     mr run join --arg on=customer --arg left=customers.csv --output-format jsonl data/samples/{customers,orders}.csv
 *
 * `left` is the name of a file or a directory. The files with that name in their path are the left table, and all other
 * inputs the right one. Make the table with fewer rows per key the left one, since the app holds its rows of a key in memory
 * while it reads the right ones. The key of the output is the value of the column; the value is an object with the other
 * columns of both tables. A column of the right table is called `name_right` if the left table has one of its name.
 *
 * `--arg kind=left` also keeps rows of the left table without a match, `right` rows of the right table, and `outer` both. The
 * value is then `{ left: {…}, right: {…} }`, with null for a missing row, since the app does not know which columns the
 * missing row would have.
 *
 * Rows whose column is empty match nothing. Counters tell how many these are, and how many rows have no match.
 */
import type { HookContext, MapContext, ReduceContext } from "mapreduce-ts";

export const input = "csv";

/** `left` is the file or directory of the left table. */
export const needs = ["--arg on=COLUMN", "--arg left=NAME"];
export const args = ["kind"];

type Columns = Readonly<Record<string, string>>;

const [left, right] = [0, 1];

/** A row without its key, and which table it is from. */
type Tagged = readonly [table: number, columns: Columns];

/** Which rows without a match each kind of join keeps. */
const kinds: Readonly<Record<string, { keepsLeft: boolean; keepsRight: boolean }>> = {
  inner: { keepsLeft: false, keepsRight: false },
  left: { keepsLeft: true, keepsRight: false },
  right: { keepsLeft: false, keepsRight: true },
  outer: { keepsLeft: true, keepsRight: true },
};

let on: string;
let leftName: string;
let keepsLeft: boolean;
let keepsRight: boolean;

export function setup({ args }: HookContext<Tagged>): void {
  [on = "", leftName = ""] = [args["on"], args["left"]];
  const { kind = "inner" } = args;
  const found = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (found === undefined) throw new Error(`--arg kind=${kind}: it must be ${Object.keys(kinds).join(", ")}`);
  ({ keepsLeft, keepsRight } = found);
}

export function map(filename: string, row: Columns, ctx: MapContext<Tagged>): void {
  const { [on]: key, ...columns } = row;
  if (key === undefined || !Object.hasOwn(row, on)) {
    throw new Error(`${filename} has no column ${on}; its columns are: ${Object.keys(row).join(", ")}`);
  }
  const table = filename === leftName || filename.split("/").includes(leftName) ? left : right;
  if (key === "") ctx.counter("rows without a key").add();
  if (key !== "" || (table === left ? keepsLeft : keepsRight)) ctx.emit(key, [table, columns]);
}

/** For each key the left table comes first. */
export function sortValues([table]: Tagged): number {
  return table;
}

export function reduceStream(key: string, rows: Iterable<Tagged>, ctx: ReduceContext): void {
  const lefts: Columns[] = [];
  const pair = keepsLeft || keepsRight ? bothOf : joined;
  let rights = 0;
  for (const [table, columns] of rows) {
    // Rows without a key do not match each other.
    if (key === "") ctx.emit(key, table === left ? bothOf(columns, null) : bothOf(null, columns));
    else if (table === left) lefts.push(columns);
    else {
      rights++;
      for (const one of lefts) ctx.emit(key, pair(one, columns));
      if (keepsRight && lefts.length === 0) ctx.emit(key, bothOf(null, columns));
    }
  }
  if (keepsLeft && rights === 0) for (const one of lefts) ctx.emit(key, bothOf(one, null));
  if (rights === 0 && key !== "") ctx.counter("rows of the left table without a match").add(lefts.length);
  if (lefts.length === 0 && key !== "") ctx.counter("rows of the right table without a match").add(rights);
}

function bothOf(ofLeft: Columns | null, ofRight: Columns | null) {
  return { left: ofLeft, right: ofRight };
}

function joined(ofLeft: Columns, ofRight: Columns): Columns {
  const row = new Map(Object.entries(ofLeft));
  for (const [column, value] of Object.entries(ofRight)) {
    let name = column;
    while (row.has(name)) name += "_right";
    row.set(name, value);
  }
  return Object.fromEntries(row);
}
