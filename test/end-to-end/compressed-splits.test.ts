import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect } from "vitest";
import { inByteOrder, sortedOutput } from "./oracle.js";
import { linesOf, test, type Place } from "./programs.js";

/** Some 12 MB of lines. */
const lines = Array.from({ length: 400_000 }, (_, n) => `key${n % 700},${n},${(n * 2654435761) % 2 ** 32}`);
const text = `${lines.join("\r\n")}\r\n`;
const gzipped = gzipSync(text, { level: 1 });
const splitSize = ["--split-size", "3MiB"];

/** Depends on the order of the values. */
const app = `
  export const input = "lines";
  export const map = (file, line, ctx) => {
    const [key, n] = line.split(",");
    ctx.emit(key, Number(n));
  };
  export const reduce = (key, values) => values.reduce((hash, n) => (hash * 31 + n) % 1000000007, 0);`;

interface Report {
  readonly maps: { readonly total: number };
  readonly map: { readonly bytesIn: number; readonly recordsIn: number };
}

function output(place: Place, directory = "mr-output"): string[] {
  return sortedOutput(join(place.directory, directory));
}

function expectedByAwk(place: Place): string[] {
  const script = `gzip -dc in.gz | awk -F, '{ h[$1] = (h[$1] * 31 + $2) % 1000000007 } END { for (k in h) print k, h[k] }'`;
  return inByteOrder(linesOf(execFileSync("sh", ["-c", script], { cwd: place.directory, encoding: "utf8" })));
}

describe.concurrent("a large gzip file of lines", () => {
  test("is mapped by several tasks in every program, and gives what one task gives", async ({ place }) => {
    place.write("app.mjs", app);
    place.write("in.gz", gzipped);
    const expected = expectedByAwk(place);
    const { stdout } = await place.succeed("mr", ["run", "--json", "-w", "2", ...splitSize, "app.mjs", "in.gz"]);
    const report = JSON.parse(stdout) as Report;
    expect(report.maps.total).toBe(Math.ceil(text.length / (3 * 2 ** 20)));
    expect(report.map).toMatchObject({ bytesIn: text.length, recordsIn: lines.length });
    expect(output(place)).toEqual(expected);
    await place.succeed("mr", ["sequential", "-o", "sequential", ...splitSize, "app.mjs", "in.gz"]);
    expect(output(place, "sequential")).toEqual(expected);
    await place.pair("app.mjs", ["in.gz"], ["-o", "pair", ...splitSize]);
    expect(output(place, "pair")).toEqual(expected);
    await place.succeed("mr", ["run", "-o", "one", "--split-size", "1GiB", "app.mjs", "in.gz"]);
    expect(output(place, "one")).toEqual(expected);
  });

  test("is mapped by as many tasks as there are workers, if that keeps them busy", async ({ place }) => {
    place.write("app.mjs", app);
    const large = Buffer.concat([gzipped, gzipped, gzipped, gzipped]);
    const names = Array.from({ length: 10 }, (_, n) => place.write(`in-${n}.gz`, large));
    const tasks = async (given: readonly string[]) => {
      const { stdout } = await place.succeed("mr", ["run", "--dry-run", "--json", ...given]);
      return (JSON.parse(stdout) as { mapTasks: number }).mapTasks;
    };
    expect(await tasks(["-w", "1", "app.mjs", "in-0.gz"])).toBe(1);
    expect(await tasks(["-w", "2", "app.mjs", "in-0.gz"])).toBe(2);
    expect(await tasks(["-w", "2", "app.mjs", ...names])).toBe(10);
    await place.succeed("mr", ["run", "-w", "2", "-r", "1", "app.mjs", "in-0.gz"]);
    place.write("in.gz", large);
    expect(output(place)).toEqual(expectedByAwk(place));
  });

  test("has the offsets of one task, in bad records, too, which can be replayed", async ({ place }) => {
    const strict = `
      export const input = "jsonl";
      export const map = (file, { n }, ctx) => {
        if (n % 100_000 === 77) throw new Error("unlucky");
        if (n % 1000 === 0) ctx.emit(String(ctx.offset), n);
      };
      export const reduce = (offset, values) => values;`;
    place.write("app.mjs", strict);
    const documents = Array.from({ length: 600_000 }, (_, n) => {
      return n % 150_000 === 5 ? `{"n": ${n}, "broken` : JSON.stringify({ n, text: (n * 2654435761) % 2 ** 32 });
    });
    place.write("in.gz", gzipSync(documents.join("\n"), { level: 1 }));
    const job = ["run", "-w", "2", "-r", "1", "--skip-bad-records", "20", "app.mjs", "in.gz"];
    await place.succeed("mr", [...job, "-o", "one", "--split-size", "1GiB"]);
    await place.succeed("mr", [...job, "-o", "several", ...splitSize]);
    expect(place.read("several/mr-out-0")).toBe(place.read("one/mr-out-0"));
    const badIn = (directory: string) =>
      linesOf(place.read(`${directory}/mr-bad-records.jsonl`)).map((line) => {
        const { offset, text, error } = JSON.parse(line) as {
          offset: number;
          text: string;
          error: { message: string };
        };
        return { offset, text, message: error.message };
      });
    const bad = badIn("several");
    expect(bad).toHaveLength(10);
    expect(bad).toEqual(badIn("one"));
    expect(bad.find(({ text }) => text.includes("broken") && text.includes("300005"))?.message).toContain(
      "in.gz, line 300006: not JSON",
    );
    const { code, stdout } = await place.run("mr", ["replay-bad-records", "app.mjs", "several/mr-bad-records.jsonl"]);
    expect({ code, stdout: stdout.includes("unlucky") }).toEqual({ code: 1, stdout: true });
  });

  test("fails the job when it is damaged, and warns once of bytes behind it", async ({ place }) => {
    // The decoder may pass garbage to the app before it detects the damage.
    place.write("app.mjs", `export const input = "lines"; export const map = (file, line, ctx) => ctx.emit("", 1);`);
    const middle = gzipped.length >> 1;
    place.write("in.gz", Buffer.concat([gzipped.subarray(0, middle), Buffer.alloc(99), gzipped.subarray(middle + 99)]));
    const job = ["run", "-w", "2", "-r", "0", ...splitSize, "app.mjs", "in.gz"];
    const failed = await place.run("mr", job);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/in\.gz cannot be decompressed: .*\(is it damaged, or cut off\? gzip -t tells\)/);
    place.write("in.gz", Buffer.concat([gzipped, Buffer.from("TRAILER")]));
    const { stderr } = await place.succeed("mr", job);
    expect(stderr.split("in.gz: ignored 7 bytes after the end of its gzip data")).toHaveLength(2);
    expect(stderr).toContain("  1 warning, told above");
  });
});
