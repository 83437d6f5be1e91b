// `npm start`: counts the words of a real book with a coordinator and workers, and shows the most frequent ones.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { makeBooks } from "./make-books.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const output = join(root, "mr-output");
const books = (await makeBooks()).paths.map((path) => relative("", path));

console.log(`Counting the words of Moby Dick (${books.length} files in data/) with a coordinator and workers:`);
const command = [join(root, "dist/src/cli/mr.js"), "run", "wc", "--output-dir", output, ...books];
const { status, signal } = spawnSync(process.execPath, command, { stdio: "inherit" });
if (signal !== null) process.kill(process.pid, signal);
if (status !== 0) process.exit(status ?? 1);

const counts = readdirSync(output)
  .filter((name) => name.startsWith("mr-out-"))
  .flatMap((name) => readFileSync(join(output, name), "utf8").split("\n"))
  .filter((line) => line !== "")
  .map((line) => line.split(" "))
  .sort(([, a], [, b]) => Number(b) - Number(a));
console.log("\nThe ten most frequent words:");
for (const [word = "", count = ""] of counts.slice(0, 10)) console.log(`${count.padStart(8)} ${word}`);
console.log(`\nAll counts are in ${relative("", output)}/mr-out-*.`);
