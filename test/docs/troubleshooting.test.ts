/** A user who searches docs/troubleshooting.md for a message must find it there as the programs print it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../end-to-end/programs.js";

const page = readFileSync(join(root, "docs/troubleshooting.md"), "utf8");
const messages = Array.from(page.matchAll(/^\| `([^`]+)`/gm), ([, message = ""]) => message);
const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
const lines = files
  .filter((name) => name.endsWith(".ts"))
  .flatMap((name) => readFileSync(join(root, "src", name), "utf8").split("\n"))
  .filter((line) => !/^\s*(\/?\*|\/\/)/.test(line));

describe("docs/troubleshooting.md has messages as they are in the sources", () => {
  test("there are some", () => {
    expect(messages.length).toBeGreaterThan(20);
  });

  // A message of the system.
  test.each(messages.filter((message) => message !== "ENOSPC"))("%s", (message) => {
    const pieces = message.split("…").filter((piece) => piece.trim() !== "");
    expect(lines.filter((line) => isWithin(line, pieces))).not.toEqual([]);
  });
});

/** Whether the pieces follow each other. */
function isWithin(line: string, pieces: readonly string[]): boolean {
  let from = 0;
  return pieces.every((piece) => {
    const at = line.indexOf(piece, from);
    from = at + piece.length;
    return at !== -1;
  });
}
