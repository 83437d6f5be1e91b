/**
 * Finds the lines that match a regular expression (JavaScript's, with the flags `s` and `u`): the paper's "distributed grep".
 *
 *     mr run grep --arg pattern='[Ww]hite whale' data/pg-*.txt
 *     mr run grep --arg pattern='white whale' --arg ignore-case=true data/pg-*.txt
 *
 * Each line of the output is `file:line text`, with lines numbered from 1 and in the order of the file.
 */
import type { MapContext, ReduceContext } from "mapreduce-ts";
import { isOn } from "./support/is-on.js";

/** A long file is searched in several places at once. */
export const input = "text";

export const needs = ["--arg pattern=REGEX"];
export const args = ["ignore-case"];

/**
 * What a split has to say, in this order: 0 when it is the first one of its file, the lines that match, each with its
 * number within the split, and how many lines the split has.
 */
type Found = number | [line: number, text: string];

export function map(filename: string, text: string, ctx: MapContext<Found>): void {
  const pattern = compile(ctx.args["pattern"], isOn(ctx.args, "ignore-case"));
  if (ctx.offset === 0) ctx.emit(filename, 0);
  let lines = 0;
  // A text that ends with a newline has no further, empty line after it.
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf("\n", start);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(start, newline > start && text[end - 1] === "\r" ? end - 1 : end);
    lines++;
    if (pattern.test(line)) ctx.emit(filename, [lines, line]);
    start = end + 1;
  }
  ctx.emit(filename, lines);
}

/** Values come in the order of the splits. Streamed, since a file may have any number of lines that match. */
export function reduceStream(filename: string, found: Iterable<Found>, ctx: ReduceContext): void {
  let linesBefore = 0;
  for (const one of found) {
    if (one === 0) linesBefore = 0;
    else if (typeof one === "number") linesBefore += one;
    else ctx.emit(`${filename}:${linesBefore + one[0]}`, one[1]);
  }
}

function compile(pattern = "", ignoresCase: boolean): RegExp {
  try {
    // A line may have any character in it, and `.` matches each.
    return new RegExp(pattern, ignoresCase ? "isu" : "su");
  } catch (cause) {
    // As other systems write it.
    const hint = pattern.startsWith("(?i)") ? "; leave out (?i) and give --arg ignore-case=true" : "";
    throw new Error(`grep cannot use --arg pattern=${pattern}: ${(cause as Error).message}${hint}`, { cause });
  }
}
