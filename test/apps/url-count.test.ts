import { expect, test } from "vitest";
import * as urlCount from "../../apps/url-count.js";
import { runApp } from "./run-app.js";

const begin = "192.0.2.1 - - [18/Oct/1851:12:00:00 +0000]";

/** What the app makes of one line: the URL, or nothing when the line counts as malformed. */
function urlOf(line: string, args = {}): string | undefined {
  const counters: Record<string, number> = {};
  const output = runApp(urlCount, [["log", line]], args, counters);
  expect(output.length + (counters["malformed lines"] ?? 0)).toBe(1);
  return output[0]?.replace(/ 1$/, "");
}

test.each<[string, string, string]>([
  ["the Common Log Format", `${begin} "GET /a HTTP/1.0" 200 2326`, "/a"],
  ["the Combined Log Format", `${begin} "GET /a HTTP/1.1" 200 2326 "http://x/" "Mozilla/5.0 (\\"x\\")"`, "/a"],
  ["fields that a site has added", `${begin} "GET /a HTTP/1.1" 200 2326 "-" "-" 0.003 example.org`, "/a"],
  ["an answer without a body", `${begin} "HEAD /a HTTP/1.1" 304 -`, "/a"],
  ["HTTP/0.9, HTTP/2 and other methods", `${begin} "M-SEARCH *" 200 1`, "*"],
  ["a user with a space", `::1 - captain ahab [18/Oct/1851:12:00:00 +0000] "GET /a HTTP/2.0" 200 1`, "/a"],
  ["a quote in the URL", `${begin} "GET /?q=\\"a\\" HTTP/1.1" 200 1`, '/?q=\\"a\\"'],
  ["a whole URL, asked of a proxy", `${begin} "GET http://x.example/a?b HTTP/1.1" 200 1`, "http://x.example/a?b"],
  ["a virtual host before it", `[2001:db8::1]:443 ::1 - - [18/Oct/1851:12:00:00 +0000] "GET /a HTTP/1.1" 200 1`, "/a"],
  [
    "a virtual host and a user",
    `x.example:80 192.0.2.1 - ann b [18/Oct/1851:12:00:00 +0000] "GET /a HTTP/1.1" 200 1`,
    "/a",
  ],
  ["spaces in the URL", `${begin} "GET /a b  c HTTP/1.1" 400 1`, "/a b  c"],
  ["spaces in the URL, and no protocol", `${begin} "GET /a b" 400 1`, "/a b"],
  ["a URL that ends like a protocol", `${begin} "GET /a HTTP/1.1 HTTP/1.1" 400 1`, "/a HTTP/1.1"],
  ["quotes that nobody has escaped", `${begin} "GET /?q="a b" HTTP/1.1" 200 1 "-" "x"`, '/?q="a b"'],
  ["quotes as nginx writes them", `${begin} "GET /?q=\\x22a b\\x22 HTTP/1.1" 200 1`, "/?q=\\x22a b\\x22"],
  ["an escaped quote that looks like the end", `${begin} "GET /\\" 200 1 HTTP/1.1" 404 1`, '/\\" 200 1'],
  ["a backslash before the end", `${begin} "GET /a b\\\\" 404 1`, "/a b\\\\"],
  ["a tunnel", `${begin} "CONNECT [::1]:443 HTTP/1.1" 405 1 "-" "-"`, "[::1]:443"],
  ["several spaces between", `${begin} "GET  /a  HTTP/1.1" 400 1`, "/a"],
  ["a method that few know", `${begin} "X!Y /a HTTP/1.1" 501 1`, "/a"],
  ["what is not ASCII", `${begin} "GET /Blüte\ufffd HTTP/1.1" 200 1`, "/Blüte\ufffd"],
])("url-count understands %s", (_what, line, url) => {
  expect(urlOf(line)).toBe(url);
});

test.each<[string, string]>([
  ["an empty line", ""],
  ["no request", `${begin} "-" 408 -`],
  ["bytes that are no HTTP", `${begin} "\\x16\\x03\\x01" 400 226`],
  ["a request without end", `${begin} "GET /a HTTP/1.1`],
  ["no status", `${begin} "GET /a HTTP/1.1" - -`],
  ["no time", `192.0.2.1 - - "GET /a HTTP/1.1" 200 1`],
  ["an empty request", `${begin} "" 400 0 "-" "-"`],
  ["a method alone", `${begin} "GET" 400 0`],
  ["bytes with spaces", `${begin} "\\x16\\x03 \\x01 \\x00" 400 226`],
  ["bytes that were not escaped", `${begin} "\u0016\u0003\ufffd \u0001" 400 226`],
  ["another format", `{"url":"/a"}`],
  ["a line that is made to take long", `a b ${"[ ".repeat(1e5)}`],
  ["a request that is made to take long", `${begin} "GET ${'\\" 200 1 '.repeat(1e5)}`],
])("url-count counts %s as malformed", (_what, line) => {
  expect(urlOf(line)).toBeUndefined();
});

test("url-count adds up equal URLs, and drops queries on request", () => {
  const log = ["/s?q=a", "/s?q=b?c", "/s", "/s?q=a"].map(
    (url) => ["log", `${begin} "GET ${url} HTTP/1.1" 200 1`] as const,
  );
  expect(runApp(urlCount, log)).toEqual(["/s 1", "/s?q=a 2", "/s?q=b?c 1"]);
  expect(runApp(urlCount, log, { query: "drop" })).toEqual(["/s 4"]);
});
