/**
 * Counts how often each URL was asked for, in the logs of web servers: the paper's "count of URL access frequency"
 * (section 2.3).
 *
 *     mr run url-count data/samples/access-*.log
 *     mr run url-count --arg query=drop data/samples/access-*.log      # /search?q=whale as /search
 *
 * The logs are in the Common or the Combined Log Format, with or without the virtual host before it, as Apache and nginx
 * write them. A URL is counted as the log has it, with its escapes (`\"`, `\x22`) and with spaces, if a client has sent some.
 * Each line of the output is `URL count`. Lines without a request, which any log has (`"-"`, `""`, TLS sent to
 * an HTTP port), are counted as `malformed lines`.
 */
import type { MapContext } from "mapreduce-ts";

export const input = "lines";
export const args = ["query"];

/** Matches nearly all lines, and is the fastest way to find their URL. */
const plainEntry =
  /^\S+ \S+ .{1,256}? \[[^\]]{1,64}\] "[\w-]+ ((?:[^\s"\\]|\\.)+)(?: HTTP\/[\d.]+)?" \d{3} (?:\d+|-)(?: |$)/;

/** `host ident user [time] "`. The user may have spaces in it, and so may be the ident and the user behind a virtual host. */
const entryStart = /^\S+ \S+ .{1,256}? \[[^\]]{1,64}\] "/;
/** `" status bytes`, whatever follows. */
const requestEnd = /" \d{3} (?:\d+|-)(?: |$)/g;
/** `method URL protocol`; HTTP/0.9 has no protocol. A method is a token of RFC 9110. */
const method = /^[\w!#$%&'*+.^`|~-]+ +/;
const protocol = /^[\d.]+ *$/;

export function map(_filename: string, line: string, ctx: MapContext<number>): void {
  const url = plainEntry.exec(line)?.[1] ?? urlOf(requestOf(line));
  if (url === undefined) ctx.counter("malformed lines").add();
  else ctx.emit(ctx.args["query"] === "drop" ? url.replace(/\?.*/s, "") : url, 1);
}

/** The text in the first quotes. It may contain escaped quotes, and unescaped ones, since some servers escape none. */
function requestOf(line: string): string | undefined {
  const start = entryStart.exec(line)?.[0].length;
  if (start === undefined) return undefined;
  requestEnd.lastIndex = start - 1;
  for (let end = requestEnd.exec(line); end !== null; end = requestEnd.exec(line)) {
    if (end.index >= start && !isEscaped(line, end.index, start)) return line.slice(start, end.index);
    requestEnd.lastIndex = end.index + 1;
  }
  return undefined;
}

/** Whether an odd number of backslashes stands before a character. */
function isEscaped(line: string, at: number, start: number): boolean {
  let first = at;
  while (first > start && line[first - 1] === "\\") first--;
  return (at - first) % 2 === 1;
}

function urlOf(request: string | undefined): string | undefined {
  const start = method.exec(request ?? "")?.[0].length;
  if (request === undefined || start === undefined) return undefined;
  const space = request.lastIndexOf(" HTTP/");
  const hasProtocol = space >= start - 1 && protocol.test(request.slice(space + " HTTP/".length));
  const url = request.slice(start, hasProtocol ? Math.max(start, space) : request.length).trimEnd();
  return url === "" ? undefined : url;
}

export { sum as combine, sum as reduce } from "./support/sum.js";
