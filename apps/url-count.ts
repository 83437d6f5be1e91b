/**
 * Counts how often each URL was asked for, in the logs of web servers: the paper's "count of URL access frequency"
 * (section 2.3).
 *
 *     mr run url-count data/samples/access-*.log
 *     mr run url-count --arg query=drop data/samples/access-*.log      # /search?q=whale as /search
 *
 * The logs are in the Common or the Combined Log Format, as Apache and nginx write them. Each line of the output is
 * `URL count`. Lines without a request in them, of which any log has some, are counted as `malformed lines`.
 */
import type { MapContext } from "mapreduce-ts";

export const input = "lines";

/** `host ident user [time] "method URL protocol" status bytes`, and whatever comes then. HTTP/0.9 has no protocol. */
const entry =
  /^\S+ \S+ .{1,256}? \[[^\]]{1,64}\] "[\w-]+ ((?:[^\s"\\]|\\.)+)(?: HTTP\/[\d.]+)?" \d{3} (?:\d+|-)(?: |$)/;

export function map(_filename: string, line: string, ctx: MapContext<number>): void {
  const url = entry.exec(line)?.[1];
  if (url === undefined) ctx.counter("malformed lines").add();
  else ctx.emit(ctx.args["query"] === "drop" ? url.replace(/\?.*/s, "") : url, 1);
}

export { sum as combine, sum as reduce } from "./support/sum.js";
