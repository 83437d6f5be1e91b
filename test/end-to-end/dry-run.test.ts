import { expect } from "vitest";
import { expectRefusal, linesOf, test } from "./programs.js";

interface Plan {
  readonly splits: readonly { file: string; startBytes: number; endBytes: number; bytes: number }[];
  readonly reduceTasks: number;
  readonly filesToClear: number;
  readonly options: Readonly<Record<string, unknown>>;
}

const settings = ["run", "-r", "3", "-w", "2", "--split-size", "1KiB"];
const numbers = Array.from({ length: 700 }, (_, n) => `${n}\n`).join("");

test("--dry-run shows the tasks that the job will have, and does nothing", async ({ place }) => {
  place.write("numbers.txt", numbers);
  place.write("empty.txt", "");
  // A call of either function would be noticed.
  place.write(
    "app.mjs",
    `export const input = "lines";
     export function map(file, line) { console.log("mapped"); return [{ key: line, value: 1 }]; }
     export function reduce() { return 1; }`,
  );
  const inputs = ["app.mjs", "numbers.txt", "empty.txt"];
  const dry = await place.succeed("mr", [...settings, "--dry-run", "--json", ...inputs]);
  const text = await place.succeed("mr", [...settings, "--dry-run", ...inputs]);
  expect(dry.stderr + text.stderr).toBe("");
  expect(place.files()).toEqual(["app.mjs", "empty.txt", "numbers.txt"]);

  const plan = JSON.parse(dry.stdout) as Plan;
  expect(plan.splits.map(({ bytes }) => bytes).reduce((sum, bytes) => sum + bytes)).toBe(numbers.length);
  expect(plan.splits.at(-1)).toMatchObject({ file: "numbers.txt", endBytes: numbers.length });
  expect(plan).toMatchObject({ reduceTasks: 3, workers: 2, filesToClear: 0, options: { splitSize: 1024 } });

  const done = await place.succeed("mr", [...settings, "--json", ...inputs]);
  const report = JSON.parse(done.stdout) as { maps: { total: number }; reduces: { total: number } };
  expect({ maps: report.maps.total, reduces: report.reduces.total }).toEqual({ maps: plan.splits.length, reduces: 3 });
  const rows = linesOf(text.stdout).map((line) => line.split(/ {2,}/));
  expect(rows).toContainEqual(["map tasks", expect.stringMatching(`^${plan.splits.length}, with `)]);
  expect(rows).toContainEqual(["workers", "2"]);
  expect(rows).toContainEqual(["output", "mr-output"]);
  expect(rows).toContainEqual(["--split-size", "1KiB", "command line"]);

  const again = await place.succeed("mr", [...settings, "--dry-run", ...inputs]);
  expect(again.stdout).toContain("mr-output, where 5 files of an earlier job would be replaced");
  expect(place.files().filter((name) => name.includes("mr-out-"))).toHaveLength(3);

  await place.succeed("mr", ["sequential", "-q", "-r", "2", "-o", "sorted", "sort", "numbers.txt"]);
  const other = await place.succeed("mr", ["run", "--dry-run", "-o", "sorted", "wc", "numbers.txt"]);
  // Two outputs in the app's own format, and the manifest.
  expect(other.stdout).toContain("sorted, where 3 files of an earlier job would be replaced");
});

test("--dry-run refuses whatever the job would refuse", async ({ place }) => {
  place.write("in.txt", "text");
  place.write("empty.mjs", "export const x = 1;");
  const refused = async (...args: string[]) => place.run("mr", ["run", "--dry-run", ...args]);
  expectRefusal(await refused("wc", "missing.txt"), "missing.txt", /no such file/);
  expectRefusal(await refused("empty.mjs", "in.txt"), "empty.mjs", /no function map/);
  expectRefusal(await refused("-o", "in.txt", "wc", "in.txt"), "in.txt", /output directory/);
  expectRefusal(await refused("--resume", "wc", "in.txt"), "--resume");
  place.write("own.mjs", 'export const map = () => []; export const reduce = () => 1; export const writer = "tsv";');
  expectRefusal(await refused("--output-format", "csv", "own.mjs", "in.txt"), "own.mjs", /writer/);
  expectRefusal(await refused("--skip-bad-records", "1", "--max-attempts", "1", "wc", "in.txt"), "--max-attempts");
});
