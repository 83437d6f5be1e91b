import type { Choice } from "./choice.js";

/** The most popular one first. */
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

/** What is in any log as well: no request within the time, TLS spoken to a server that does not, a line half written. */
const withoutRequest = ['"-" 408 -', '"\\x16\\x03\\x01\\x02" 400 226', '"GET /books/mob'];

/** Lines as Apache writes them, in the Common Log Format, or in the Combined one, which says more. */
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

/** A time in the afternoon of the day on which *Moby-Dick* came out, 18 October 1851. */
function timestamp(seconds: number): string {
  const time = new Date(Date.UTC(1851, 9, 18, 12) + seconds * 1000).toISOString();
  return `18/Oct/1851:${time.slice(11, 19)} +0000`;
}
