/**
 * Finds the lines that match a regular expression (JavaScript's, with the flag `u`): the paper's "distributed grep".
 *
 *     mr run grep --arg pattern='[Ww]hite whale' data/pg-*.txt
 *
 * Each line of the output is `file:line text`, with lines numbered from 1.
 */
import type { MapContext, ReduceContext } from "mapreduce-ts";

export function map(filename: string, contents: string, ctx: MapContext<string>): void {
  const pattern = compile(ctx.args["pattern"]);
  let number = 1;
  // A text that ends with a newline has no further, empty line after it.
  for (let start = 0; start < contents.length; number++) {
    const newline = contents.indexOf("\n", start);
    const end = newline === -1 ? contents.length : newline;
    const line = contents.slice(start, newline > start && contents[end - 1] === "\r" ? end - 1 : end);
    if (pattern.test(line)) ctx.emit(`${filename}:${number}`, line);
    start = end + 1;
  }
}

/** Writes every value: a file that is given twice has each of its lines twice. */
export function reduce(place: string, lines: string[], ctx: ReduceContext): void {
  for (const line of lines) ctx.emit(place, line);
}

function compile(pattern: string | undefined): RegExp {
  if (pattern === undefined) throw new Error("grep needs a pattern: --arg pattern=REGEX");
  try {
    return new RegExp(pattern, "u");
  } catch (cause) {
    throw new Error(`grep cannot use --arg pattern=${pattern}: ${(cause as Error).message}`, { cause });
  }
}
