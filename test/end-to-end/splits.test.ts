import { execFileSync } from "node:child_process";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { inByteOrder, sortedOutput, wordCount } from "./oracle.js";
import { linesOf, test, type Place } from "./programs.js";

/** Text with all kinds of line ends, and none at the end. */
const text = Array.from(
  { length: 3000 },
  (_, n) => `line ${"abcdefghij"[n % 10]} — λ${"κλμ"[n % 3]} 🐋${["\n", "\r\n", "\n\n"][n % 3]}`,
)
  .join("")
  .trimEnd();

describe.concurrent("a file that is cut into splits", () => {
  test("gives the answer of the whole file, and a map task for each split", async ({ place }) => {
    place.write("in.txt", text);
    const { stdout } = await place.succeed("mr", ["run", "--json", "--split-size", "1KiB", "wc", "in.txt"]);
    const report = JSON.parse(stdout) as { maps: { total: number }; map: { bytesIn: number } };
    expect(report.maps.total).toBe(Math.ceil(Buffer.byteLength(text) / 1024));
    expect(report.map.bytesIn).toBe(Buffer.byteLength(text));
    expect(output(place)).toEqual(wordCount([text]));
  });

  test("is split by a coordinator that learns its app only from a worker", async ({ place }) => {
    place.write("in.txt", text);
    await place.pair("wc", ["in.txt"], ["--split-size", "8KiB", "-o", "mr-output"]);
    expect(output(place)).toEqual(wordCount([text]));
  });

  test("has its lines numbered by grep as grep -n does, in their order", async ({ place }) => {
    place.write("in.txt", text);
    place.write("other.txt", "whale\n\nλκ a");
    const given = ["--arg", "pattern=λκ", "--split-size", "1KiB", "-r", "1", "in.txt", "other.txt"];
    await place.succeed("mr", ["run", "grep", ...given]);
    const script = `grep -nH λκ in.txt other.txt | sed -E 's/^([^:]*:[0-9]+):/\\1 /; s/\\r$//'`;
    const expected = execFileSync("sh", ["-c", script], { cwd: place.directory, env: { LC_ALL: "C.UTF-8" } });
    expect(linesOf(place.read("mr-output/mr-out-0"))).toEqual(linesOf(expected.toString()));
  });

  test("gives an app of lines each line once, with its offset", async ({ place }) => {
    place.write("in.txt", text);
    const app = `
      export const input = "lines";
      export const map = (key, line, ctx) => ctx.emit(String(ctx.offset), line);
      export const reduce = (offset, lines) => lines.join();`;
    place.write("app.mjs", app);
    await place.succeed("mr", ["run", "--split-size", "2KiB", "app.mjs", "in.txt"]);
    let offset = 0;
    const expected = text.split("\n").map((line) => {
      const start = offset;
      offset += Buffer.byteLength(line) + 1;
      return `${start} ${line.replace(/\r$/, "")}`.trimEnd();
    });
    expect(output(place)).toEqual(inByteOrder(expected));
  });
});

describe.concurrent("a CSV file that is cut into splits", () => {
  /** Rows with line ends, quotes and commas in quotes, so that most line ends do not end a row. */
  const rows = Array.from({ length: 3000 }, (_, n) => {
    const note =
      [`plain ${n}`, `"${"line\n".repeat(n % 7)}"`, `"say ""${n}"",\r\nthen, go"`, '"\n"",\n""\n"'][n % 4] ?? "";
    return `${n},${note}${n % 2 === 0 ? "\n" : "\r\n"}`;
  });
  const csv = `\ufeffid,note\n${rows.join("")}`;
  const app = `
    export const input = "csv";
    export const map = (file, { id, note }, ctx) => ctx.emit(String(ctx.offset), id + " " + JSON.stringify(note));
    export const reduce = (offset, rows) => rows.join();`;
  let offset = Buffer.byteLength("\ufeffid,note\n");
  const expected = inByteOrder(
    rows.map((row, n) => {
      const text = row.trimEnd().slice(row.indexOf(",") + 1);
      const note = text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
      const line = `${offset} ${n} ${JSON.stringify(note)}`;
      offset += Buffer.byteLength(row);
      return line;
    }),
  );

  test("gives each row once, and where it begins", async ({ place }) => {
    place.write("app.mjs", app);
    place.write("in.csv", csv);
    const { stdout } = await place.succeed("mr", ["run", "--json", "--split-size", "4KiB", "app.mjs", "in.csv"]);
    const report = JSON.parse(stdout) as { maps: { total: number }; map: { recordsIn: number } };
    expect(report.map.recordsIn).toBe(rows.length);
    expect(report.maps.total).toBe(Math.ceil(Buffer.byteLength(csv) / 4096));
    expect(output(place)).toEqual(expected);
  });

  test("is read by all programs, and by those that sample it", async ({ place }) => {
    place.write("app.mjs", app);
    place.write("in.csv", csv);
    await place.pair("app.mjs", ["in.csv"], ["--split-size", "4KiB", "-o", "mr-output"]);
    expect(output(place)).toEqual(expected);
    for (const command of ["sequential", "run"]) {
      await place.succeed("mr", [command, "--split-size", "4KiB", "--partitioner", "range", "app.mjs", "in.csv"]);
      expect(output(place)).toEqual(expected);
    }
    await place.succeed("mr", ["run", "--split-size", "4KiB", "--sample", "10%", "app.mjs", "in.csv"]);
    const sampled = output(place);
    expect(sampled.length).toBeGreaterThan(0);
    expect(sampled.length).toBeLessThan(rows.length / 2);
    expect(sampled.every((line) => expected.includes(line))).toBe(true);
  });

  test("has the columns that a line sep= and the app name, and the lines of its bad rows", async ({ place }) => {
    const broken = rows.map((row, n) => (n === 2000 ? '2000,"open,\n' : n === 2500 ? "2500\n" : row)).join("");
    place.write("in.csv", `sep=;\n${broken.replaceAll(",", ";")}`);
    const named = `export const csv = { columns: ["id", "note"] };`;
    place.write(
      "app.mjs",
      `${named} export const input = "csv"; export const map = (f, row, ctx) => ctx.emit(row.id, 1);`,
    );
    const given = ["run", "-r", "0", "--split-size", "4KiB", "--skip-bad-records", "9", "app.mjs", "in.csv"];
    await place.succeed("mr", given);
    const ids = output(place).map((line) => Number(line.split(" ")[0]));
    expect(ids.toSorted((a, b) => a - b)).toEqual(rows.map((_, n) => n).filter((n) => n !== 2000 && n !== 2500));
    const bad = linesOf(place.read("mr-output/mr-bad-records.jsonl")).map((line) => {
      return (JSON.parse(line) as { error: { message: string } }).error.message;
    });
    const lineOf = (n: number) => rows.slice(0, n).join("").split("\n").length + 1;
    // The quote of the first one is closed by that of a row behind it.
    expect(bad[0]).toContain(`in.csv, line ${lineOf(2000)}: a closing quote is not followed by a delimiter`);
    expect(bad[1]).toContain(`in.csv, line ${lineOf(2500)}: a row of 1 field, and there are 2 columns`);
  });
});

describe.concurrent("a file that is longer than a string can be", () => {
  for (const program of [["run"], ["sequential"]]) {
    test(`is refused by mr ${program.join()} when an app takes whole files, with the way out`, async ({ place }) => {
      place.write("long.txt", "");
      truncateSync(join(place.directory, "long.txt"), 600 * 2 ** 20);
      const { code, stdout, stderr } = await place.run("mr", [...program, "indexer", "long.txt"]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(linesOf(stderr)).toEqual([expect.stringMatching(/long\.txt has 629145600 bytes, .* input = "text"/)]);
    });
  }
});

describe.concurrent("a job that is larger than its memory", () => {
  /** About 12 MB of 100-byte records with unordered keys; every 50th key occurs twice. */
  const records = Array.from({ length: 120_000 }, (_, n) => {
    const key = Math.imul(n % 50 === 49 ? n - 1 : n, 0x9e3779b1) >>> 0;
    return `${key.toString(36).padStart(10, "0")} ${n} ${"x".repeat(80 - String(n).length)}`;
  });
  const given = ["--memory", "1MiB", "--split-size", "12MiB"];

  test("sorts its records through spills, ten times and more", async ({ place }) => {
    place.write("in.txt", records.join("\n"));
    // Runs have the number of their task in their names, and exist until the task has ended.
    const app = `
      import { readdirSync } from "node:fs";
      export const input = "text";
      const seen = new Set();
      export function mapBytes(_, text, ctx) {
        for (let start = 0; start < text.length; ) {
          const newline = text.indexOf(10, start);
          const end = newline < 0 ? text.length : newline;
          ctx.emitSlices(text, start, start + 10, start + 11, end);
          start = end + 1;
        }
        for (const name of readdirSync("mr-output")) {
          if (!name.includes("-map-" + ctx.task + "-" + ctx.attempt + "-run-") || seen.has(name)) continue;
          seen.add(name);
          ctx.counter("runs").add();
        }
      }
      export function reduce(key, values, ctx) {
        for (const value of values) ctx.emit(key, value);
      }`;
    place.write("app.mjs", app);
    const { stdout } = await place.succeed("mr", ["run", "--json", ...given, "app.mjs", "in.txt"]);
    const report = JSON.parse(stdout) as { map: { counters: { runs?: number } } };
    expect(report.map.counters.runs).toBeGreaterThanOrEqual(10);
    expect(output(place)).toEqual(inByteOrder(records));
    for (let partition = 0; partition < 10; partition++) {
      const keys = linesOf(place.read(`mr-output/mr-out-${partition}`)).map((line) => line.slice(0, 10));
      expect(keys).toEqual(keys.toSorted());
    }
  });

  test("counts its words correctly, with combine or without", async ({ place }) => {
    const texts = [records.join("\n"), records.toReversed().join(" ")];
    place.write("in.txt", texts[0] ?? "");
    place.write("other.txt", texts[1] ?? "");
    await place.succeed("mr", ["run", ...given, "wc", "in.txt", "other.txt"]);
    expect(output(place)).toEqual(wordCount(texts));
  });
});

/** The lines of all output files, in byte order. */
function output(place: Place): string[] {
  return sortedOutput(join(place.directory, "mr-output"));
}
