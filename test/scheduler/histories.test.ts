import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { replayHistory } from "./history.js";

const directory = new URL("./histories/", import.meta.url);
const files = readdirSync(directory).filter((name) => name.endsWith(".txt"));

test.each(files)("the scheduler does what is written in %s", (name) => {
  const file = new URL(name, directory);
  const written = readFileSync(file, "utf8");
  const replayed = replayHistory(written);
  // Read the differences before you commit rewritten histories.
  if (process.env["UPDATE_HISTORIES"] === "1") writeFileSync(file, replayed);
  else expect(replayed).toBe(written);
});
