/**
 * Joins two tables, CSV files with headers, on a column that both have: an inner join, in which each row of one makes a row
 * with each row of the other that has the same in that column.
 *
 *     mr run join --arg on=customer --arg left=customers.csv --output-format jsonl data/samples/{customers,orders}.csv
 *
 * `left` is the name of a file, or of a directory: what has it in its path is the left table, all other inputs are the
 * right one. The left one should be that with fewer rows for each key, as these are held in memory while those of the right
 * one go by. The key of the output is what is in the column, the value an object with the other columns of both; one of the
 * right table that has the name of one of the left is called `name_right`.
 *
 * Rows whose column is empty have no key, and join nothing. These, and rows that find none in the other table, are counted.
 */
import type { HookContext, MapContext, ReduceContext } from "mapreduce-ts";

export const input = "csv";

/** `left` is the file or directory of the left table. */
export const needs = ["--arg on=COLUMN", "--arg left=NAME"];
export const args: readonly string[] = [];

type Columns = Readonly<Record<string, string>>;

const [left, right] = [0, 1];

/** A row without its key, and which table it is from. */
type Tagged = readonly [table: number, columns: Columns];

let on: string;
let leftName: string;

export function setup({ args }: HookContext<Tagged>): void {
  [on = "", leftName = ""] = [args["on"], args["left"]];
}

export function map(filename: string, row: Columns, ctx: MapContext<Tagged>): void {
  const { [on]: key, ...columns } = row;
  if (key === undefined || !Object.hasOwn(row, on)) {
    throw new Error(`${filename} has no column ${on}; its columns are: ${Object.keys(row).join(", ")}`);
  }
  const table = filename === leftName || filename.split("/").includes(leftName) ? left : right;
  if (key === "") ctx.counter("rows without a key").add();
  else ctx.emit(key, [table, columns]);
}

/** For each key the left table comes first. */
export function sortValues([table]: Tagged): number {
  return table;
}

export function reduceStream(key: string, rows: Iterable<Tagged>, ctx: ReduceContext): void {
  const lefts: Columns[] = [];
  let rights = 0;
  for (const [table, columns] of rows) {
    if (table === left) lefts.push(columns);
    else {
      rights++;
      for (const one of lefts) ctx.emit(key, joined(one, columns));
    }
  }
  if (rights === 0) ctx.counter("rows of the left table without a match").add(lefts.length);
  if (lefts.length === 0) ctx.counter("rows of the right table without a match").add(rights);
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
