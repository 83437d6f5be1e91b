/** What `docs/awaiting.md` shows is what its commands print, with a server that answers 398 of 400 URLs. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "vitest";
import { useConsoleExamples } from "./console-examples.js";
import { root, test } from "./programs.js";

const runExamples = useConsoleExamples();

test("docs/awaiting.md shows what is printed", { timeout: 60_000 }, async ({ place }) => {
  let [now, peak] = [0, 0];
  const server = createServer((request, response) => {
    now += 1;
    peak = Math.max(peak, now);
    setTimeout(() => {
      now -= 1;
      response.writeHead(request.url === "/7" || request.url === "/399" ? 404 : 200).end("hello");
    }, 50);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    const { port } = server.address() as AddressInfo;
    const urls = Array.from({ length: 400 }, (_, n) => `http://127.0.0.1:${port}/${n}\n`).join("");
    mkdirSync(join(place.directory, "work"));
    writeFileSync(join(place.directory, "work/urls.txt"), urls);
    await runExamples(place, readFileSync(join(root, "docs/awaiting.md"), "utf8"));
    expect(peak).toBe(20);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
