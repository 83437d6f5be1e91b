/** The projects in `examples/`, copied to a directory of a user's who has installed the package. */
import { execFile, execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect } from "vitest";
import { linesOf, root, test, type Place } from "./programs.js";

/** Copies an example to the directory of the test, and returns where it is. */
function copyOf(example: string, place: Place): string {
  const cwd = join(place.directory, example);
  fs.cpSync(join(root, "examples", example), cwd, { recursive: true });
  fs.mkdirSync(join(place.directory, "node_modules"));
  fs.symlinkSync(root, join(place.directory, "node_modules/mapreduce-ts"));
  for (const name of ["@types", "tsx", "typescript"]) {
    fs.symlinkSync(join(root, "node_modules", name), join(place.directory, "node_modules", name));
  }
  place.write("package.json", '{ "type": "module" }');
  return cwd;
}

/** Runs the job of an example in each way that there is; it must write the expected lines each time. */
async function expectLines(place: Place, cwd: string, args: readonly string[], file: string, expected: string[]) {
  for (const command of ["run", "sequential"]) {
    await place.succeed("mr", [command, "-q", "-o", command, ...args], { cwd });
    expect(linesOf(fs.readFileSync(join(cwd, command, file), "utf8"))).toEqual(expected);
  }
}

describe.concurrent("an example", () => {
  test("reports the busiest pages of each section", async ({ place }) => {
    const cwd = copyOf("access-log", place);
    // Fields as awk sees them: 6 is the method with its quote, 7 the target, 9 the status, 10 the bytes.
    const totals = `
      $6 ~ /^"[A-Z]+$/ && $9 ~ /^[0-9]+$/ {
        sub(/[?].*/, "", $7); split($7, parts, "/"); page = "/" parts[2] "," $7
        requests[page]++; errors[page] += $9 >= 400; bytes[page] += $10
      }
      END { for (page in requests) print page "," requests[page] "," errors[page] "," bytes[page] }`;
    const script = `awk '${totals}' logs/*.log | sort -t, -k1,1 -k3,3nr -k2,2 | awk -F, '++rank[$1] <= 3'`;
    const rows = execFileSync("bash", ["-c", script], { cwd, encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
    expect(linesOf(rows)).toContain("/shop,/shop/lost,4,4,16728");
    const expected = ["section,page,requests,errors,bytes", ...linesOf(rows)];
    await expectLines(place, cwd, ["report.mjs", "logs/*.log"], "mr-out-0.csv", expected);
    const malformed = fs.readFileSync(join(cwd, "run/mr-step-1/mr-side-map-1-malformed.txt"), "utf8");
    expect(linesOf(malformed).map((line) => line.replace(/^\S+ /, ""))).toEqual([
      '192.0.2.4 - - [03/Mar/2026:09:41:12 +0000] "-" 408 -',
      "log rotated",
    ]);
  });

  test("adds up revenue by country and month", async ({ place }) => {
    const cwd = copyOf("revenue", place);
    // By hand: AT is c1 and c3, CH is c2 and c5.
    const expected = [
      "country,month,orders,cents",
      `?,2026-01,1,${3 * 199}`,
      "?,2026-02,1,799",
      `AT,2026-01,3,${2 * 1250 + 799 + 199}`,
      `AT,2026-02,2,${0 + 5 * 199 + 799}`,
      `CH,2026-01,1,${10 * 199 + 1250}`,
      `CH,2026-02,2,${4 * 1250 + 2 * 799}`,
    ];
    await expectLines(place, cwd, ["revenue.mjs"], "mr-out-0.csv", expected);
  });

  test("finds the gaps between readings of a sensor", async ({ place }) => {
    const cwd = copyOf("sensor-gaps", place);
    const lines = fs.readdirSync(join(cwd, "data")).flatMap((name) => linesOf(place.read(`sensor-gaps/data/${name}`)));
    const readings = lines.map((line) => JSON.parse(line) as { sensor: string; time: number });
    const gapsOf = (minutes: number) =>
      [...new Set(readings.map(({ sensor }) => sensor))].sort().flatMap((sensor) => {
        const times = readings.flatMap((reading) => (reading.sensor === sensor ? [reading.time] : []));
        times.sort((a, b) => a - b);
        return times.flatMap((time, n) => {
          const next = times[n + 1] ?? time;
          return next - time > minutes * 60 ? [`${sensor} ${time} ${(next - time) / 60}`] : [];
        });
      });
    for (const minutes of [10, 60]) {
      await place.succeed("mr", ["run", "-q", "--arg", `minutes=${minutes}`, "gaps.ts", "data/*.jsonl"], { cwd });
      const found = linesOf(place.read("sensor-gaps/mr-output/mr-out-0.jsonl")).map((line) => {
        const { key, value } = JSON.parse(line) as { key: string; value: { from: string; minutes: number } };
        return `${key} ${Date.parse(value.from) / 1000} ${value.minutes}`;
      });
      expect(found).not.toEqual([]);
      expect(found).toEqual(gapsOf(minutes));
    }
  });

  test("in TypeScript has the right types, and passes its own tests", { timeout: 240_000 }, async ({ place }) => {
    const cwd = copyOf("sensor-gaps", place);
    const node = (...args: string[]) => promisify(execFile)(process.execPath, args, { cwd });
    await node(join(root, "node_modules/typescript/bin/tsc"), "-p", ".");
    const { stdout } = await node("--import", "tsx", "--test", "gaps.test.ts");
    expect(stdout).toMatch(/^[#ℹ] pass 4$/m);
  });
});
