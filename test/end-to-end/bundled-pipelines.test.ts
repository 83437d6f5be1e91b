/** Pipelines of bundled apps give the same results as coreutils. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect } from "vitest";
import { makeBooks } from "../../scripts/make-books.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { linesOf, root, test, type Place } from "./programs.js";

const temporary = useTemporaryDirectory();
let books: readonly string[] = [];
let mostFrequent: readonly string[] = [];

beforeAll(async () => {
  books = (await makeBooks(temporary.newPath())).paths.slice(0, 3);
  const pipeline = `cat "$@" | LC_ALL=C.UTF-8 grep -oP '\\p{L}+' | LC_ALL=C sort | uniq -c |
    LC_ALL=C sort -k1,1nr -k2,2 | awk 'NR <= 40 { print $2, $1 }'`;
  mostFrequent = linesOf(execFileSync("bash", ["-ec", pipeline, "bash", ...books], { encoding: "utf8" }));
  expect(mostFrequent).toHaveLength(40);
});

describe.concurrent("the most frequent words are found by", () => {
  test("top-words, an app of two steps", async ({ place }) => {
    await place.succeed("mr", ["run", "top-words", "-w", "2", "--arg", "k=40", ...books]);
    expectResult(place);
  });

  test("wc followed by top-k", async ({ place }) => {
    await place.succeed("mr", ["pipeline", "wc", "top-k", "-w", "2", "-r", "3", "--arg", "k=40", "--input", ...books]);
    expectResult(place);
  });

  test("an app with the steps of top-words, as a pipeline", async ({ place }) => {
    const bundled = JSON.stringify(join(root, "dist/apps/top-words.js"));
    const app = place.write("same.mjs", `export * from ${bundled};\n`);
    await place.succeed("mr", ["pipeline", app, "-w", "2", "--arg", "k=40", "--input", ...books]);
    expectResult(place);
  });

  test("top-words in one process", async ({ place }) => {
    await place.succeed("mr", ["sequential", "top-words", "--arg", "k=40", ...books]);
    expectResult(place);
  });
});

/**
 * A single file, because top-k needs one reduce task, and nothing of the previous step that could pass for a result.
 */
function expectResult(place: Place): void {
  expect(linesOf(place.read("mr-output/mr-out-0"))).toEqual(mostFrequent);
  expect(place.files("mr-output").filter((name) => name.includes("mr-out-"))).toEqual(["mr-output/mr-out-0"]);
}
