import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect } from "vitest";
import { inByteOrder, sortedOutput, wordCount } from "./oracle.js";
import { linesOf, test, type Place } from "./programs.js";
import { stuckIn, writeStuckApp } from "./test-apps.js";

const count = 150;
const textOf = (n: number) =>
  n % 10 === 3 ? "" : `word${n % 4} file${n}\nanother word${n % 3} line${n % 2 ? "\n" : ""}`;
const nameOf = (n: number) => `in/${String(n).padStart(3, "0")}.txt`;
const texts = Array.from({ length: count }, (_, n) => textOf(n));

function writeFiles(place: Place): string[] {
  return texts.map((text, n) => place.write(nameOf(n), text));
}

function output(place: Place, directory = "mr-output"): string[] {
  return sortedOutput(join(place.directory, directory));
}

/** How many map tasks a job had. */
function mapTasks(stdout: string): number {
  return (JSON.parse(stdout) as { maps: { total: number } }).maps.total;
}

describe.concurrent("a job of many small files", () => {
  test("has fewer map tasks than files, and the right answer for all files", async ({ place }) => {
    const files = writeFiles(place);
    const { stdout } = await place.succeed("mr", ["run", "--json", "-w", "2", "wc", ...files]);
    expect(mapTasks(stdout)).toBeLessThan(12);
    expect(output(place)).toEqual(wordCount(texts));
    await place.succeed("mr", ["sequential", "-q", "-o", "seq", "wc", ...files]);
    expect(output(place, "seq")).toEqual(wordCount(texts));
  });

  test.for([
    { given: ["--no-group"], env: {} },
    { given: [], env: { MR_GROUP: "0" } },
  ])("has a map task for each file with $given $env", async ({ given, env }, { place }) => {
    const files = writeFiles(place);
    const { stdout } = await place.succeed("mr", ["run", "--json", ...given, "wc", ...files], { env });
    expect(mapTasks(stdout)).toBe(texts.filter((text) => text !== "").length);
    expect(output(place)).toEqual(wordCount(texts));
  });

  test("has a map task for each file with a coordinator, as in the lab", async ({ place }) => {
    place.leavesFiles = true;
    const files = writeFiles(place).slice(0, 50);
    await place.pair("wc", files, ["-o", "mr-output", "--keep-intermediate"]);
    const maps = new Set(place.files("mr-output").flatMap((name) => /mr-(\d+)-\d+$/.exec(name)?.[1] ?? []));
    expect(maps.size).toBe(texts.slice(0, 50).filter((text) => text !== "").length);
  });

  test("gives each record the name of its file, even if compressed", async ({ place }) => {
    const files = writeFiles(place);
    const packed = texts.slice(0, 40).map((text, n) => place.write(`gz/${n}.gz`, gzipSync(text)));
    const given = ["--arg", "pattern=word1", "-r", "1", ...files, ...packed];
    await place.succeed("mr", ["run", "grep", ...given]);
    const script = "grep -nH word1 in/*.txt; for f in gz/*.gz; do zcat $f | grep -nH --label=$f word1; done";
    const expected = execFileSync("sh", ["-c", script], { cwd: place.directory, encoding: "utf8" });
    const lines = linesOf(expected).map((line) => line.replace(/^([^:]*:[0-9]+):/, "$1 "));
    expect(inByteOrder(linesOf(place.read("mr-output/mr-out-0")))).toEqual(inByteOrder(lines));
  });

  test("skips bad records by file and offset, and can replay them", async ({ place }) => {
    const files = writeFiles(place);
    place.write(
      "app.mjs",
      `export const input = "lines";
      export const map = (file, line, ctx) => {
        if (/^word1 file(5|45|77)$/.test(line)) throw new Error("bad " + line);
        ctx.emit(line, 1);
      };
      export const reduce = (line, ones) => ones.length;`,
    );
    const { stderr } = await place.succeed("mr", ["run", "--skip-bad-records", "9", "app.mjs", ...files]);
    const kept = linesOf(place.read("mr-output/mr-bad-records.jsonl")).map(
      (line) => JSON.parse(line) as { file: string; offset: number; error: { message: string } },
    );
    expect(kept.map(({ file, offset, error }) => [file, offset, error.message])).toEqual([
      ["in/005.txt", 0, "Error: bad word1 file5"],
      ["in/045.txt", 0, "Error: bad word1 file45"],
      ["in/077.txt", 0, "Error: bad word1 file77"],
    ]);
    expect(stderr).toMatch(/the record at byte 0 of in\/045\.txt is skipped/);
    const all = texts.flatMap((text) => text.split("\n").filter((line) => line !== ""));
    const good = all.filter((line) => !/^word1 file(5|45|77)$/.test(line));
    const counted = [...new Set(good)].map((line) => `${line} ${good.filter((other) => other === line).length}`);
    expect(output(place)).toEqual(inByteOrder(counted));
    const app = place.read("app.mjs").replace("(5|45|77)$/.test(line)", "(45)$/.test(line)");
    place.write("corrected.mjs", app);
    const replay = ["replay-bad-records", "corrected.mjs", "mr-output/mr-bad-records.jsonl", "-o", "replayed"];
    const { code, stdout } = await place.run("mr", replay);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^in\/005\.txt:0 ok \(1 pair\)\nin\/045\.txt:0 failed: Error: bad word1 file45\n/);
    expect(output(place, "replayed")).toEqual(["word1 file5 1", "word1 file77 1"]);
  });

  test("says in which file the app failed", async ({ place }) => {
    const files = writeFiles(place);
    place.write(
      "app.mjs",
      `export const map = (file) => { if (file.endsWith("077.txt")) throw new Error("not this one"); };
      export const reduce = () => 0;`,
    );
    const { code, stderr } = await place.run("mr", ["run", "--max-attempts", "1", "app.mjs", ...files]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("in in/077.txt") as string });
    expect(stderr).toMatch(/map task \d+ \(in\/\d+\.txt and \d+ more files\)/);
  });

  test("continues where it was killed, with the same groups", async ({ place }) => {
    const files = writeFiles(place);
    const app = writeStuckApp(place, "kind === 'map' && ctx.task === 3");
    const job = ["-w", "1", "-r", "1", "-o", "out", "--arg", "how=gate", app, ...files];
    const run = place.start("mr", ["run", ...job]);
    await stuckIn(place);
    run.signal("SIGKILL");
    await run.exit();
    place.write("go", "");
    // A new job with two workers has twice as many groups.
    const { stderr } = await place.succeed("mr", ["run", "--resume", "-w", "2", ...job.slice(2)]);
    expect(stderr).toMatch(/done in .*: 5 map tasks/);
    await place.succeed("mr", ["run", "--no-group", ...job.slice(0, 4), "-o", "again", ...job.slice(6)]);
    expect(place.read("out/mr-out-0")).toBe(place.read("again/mr-out-0"));
  });
});
