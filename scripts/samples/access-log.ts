import type { Choice } from "./choice.js";

/** The most popular URL comes first. */
const urls = [
  "/",
  "/search?q=whale",
  "/books/moby-dick.html",
  "/style.css",
  "/search?q=white+whale",
  "/books/",
  "/img/whale.png",
  "/books/typee.html",
  "/search?q=Queequeg%20%26%20Ishmael",
  "/~ahab/log%20book.html",
  '/search?q=\\"call+me\\"',
  "/api/v1/ships/7?fields=name,crew",
];

const users = ["-", "-", "-", "ishmael", "captain ahab"];

const agents = [
  "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
  "curl/8.5.0",
  'harpooner \\"the bot\\" (+http://bot.example/)',
];

/** Noise that every log has: no request within the time limit, TLS spoken to a plain server, a half-written line. */
const withoutRequest = ['"-" 408 -', '"\\x16\\x03\\x01\\x02" 400 226', '"GET /books/mob'];

/** Makes log lines like Apache's, in the Common Log Format or the longer Combined one. */
export function accessLog(choice: Choice, lines: number, format: "common" | "combined"): string {
  let log = "";
  let seconds = 0;
  for (let line = 0; line < lines; line++) {
    seconds += choice.below(40);
    const host = `192.0.2.${1 + choice.below(20)}`;
    const begin = `${host} - ${choice.of(users)} [${timestamp(seconds)}]`;
    if (choice.below(60) === 0) {
      log += `${begin} ${choice.of(withoutRequest)}\n`;
      continue;
    }
    const method = choice.mostlyFirstOf(["GET", "HEAD", "POST"]);
    const protocol = choice.mostlyFirstOf([" HTTP/1.1", " HTTP/2.0", ""]);
    const request = `"${method} ${choice.mostlyFirstOf(urls)}${protocol}"`;
    const common = `${begin} ${request} ${choice.mostlyFirstOf([200, 304, 404])} ${choice.of(["-", "512", "20480"])}`;
    const referer = choice.of(["-", "https://sea.example/"]);
    log += format === "common" ? `${common}\n` : `${common} "${referer}" "${choice.of(agents)}"\n`;
  }
  return log;
}

/** A time in the afternoon of 18 October 1851, the day on which *Moby-Dick* came out. */
function timestamp(seconds: number): string {
  const time = new Date(Date.UTC(1851, 9, 18, 12) + seconds * 1000).toISOString();
  return `18/Oct/1851:${time.slice(11, 19)} +0000`;
}
