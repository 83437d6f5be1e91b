/** `mr cat --format`: the output of a job as a table, Markdown, JSON or CSV, as another program reads it. */
import { spawnSync } from "node:child_process";
import { parse } from "csv-parse/sync";
import { describe, expect } from "vitest";
import { expectRefusal, programFile, test, type Place } from "./programs.js";

const app = `
export const input = "jsonl";
export const map = (file, { key, value }, ctx) => ctx.emit(key, value);
export const reduce = (key, values) => values[0];
`;

interface Sale {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

const sales: readonly Sale[] = [
  { key: "AT, Wien", value: { n: 3, note: "a|b" } },
  { key: "DE", value: { n: 20, note: 'say "x"\ny' } },
  { key: "日本", value: { n: null, more: [1, "z"] } },
];

async function run(place: Place, records: readonly { key: string; value: unknown }[], ...options: string[]) {
  place.write("app.mjs", app);
  place.write("in.jsonl", records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  await place.succeed("mr", ["run", "-q", "-r", "3", ...options, "./app.mjs", "in.jsonl"]);
}

async function cat(place: Place, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await place.succeed("mr", ["cat", ...args]);
  expect(stderr).toBe("");
  return stdout;
}

describe.concurrent("mr cat", () => {
  test("makes a JSON document of every format", async ({ place }) => {
    for (const format of ["jsonl", "tsv", "csv"]) {
      const pairs = sales.map(({ key, value }) => ({ key, value: format === "jsonl" ? value : value["n"] }));
      await run(place, pairs, "--output-format", format, "--compress", "gz");
      expect(JSON.parse(await cat(place, "--format", "json"))).toEqual(pairs);
      const [most] = JSON.parse(await cat(place, "--format", "json", "--top", "1", "--by", "key")) as Sale[];
      expect(most?.key).toBe("AT, Wien");
    }
  });

  test("makes CSV with a column for each property that any record has", async ({ place }) => {
    await run(place, sales, "--output-format", "jsonl");
    const rows: unknown = parse(await cat(place, "--format", "csv"), { columns: true, record_delimiter: "\n" });
    expect(rows).toEqual([
      { key: "AT, Wien", n: "3", note: "a|b", more: "" },
      { key: "DE", n: "20", note: 'say "x"\ny', more: "" },
      { key: "日本", n: "", note: "", more: '[1,"z"]' },
    ]);
  });

  test("makes a table for people, and one of Markdown", async ({ place }) => {
    await run(place, sales.slice(0, 2), "--output-format", "jsonl");
    expect(await cat(place, "--format", "table")).toBe(
      'key        n  note\n--------  --  ----------\nAT, Wien   3  a|b\nDE        20  say "x"\\ny\n',
    );
    expect(await cat(place, "--format", "markdown")).toBe(
      '| key | n | note |\n| --- | --: | --- |\n| AT, Wien | 3 | a\\|b |\n| DE | 20 | say "x"<br>y |\n',
    );
  });

  test("shows a table by itself only on a terminal, and never of text", async ({ place }) => {
    await run(place, sales, "--output-format", "jsonl");
    const size = { columns: 24, rows: 10 };
    const shown = async (...args: string[]) => {
      const program = place.startInTerminal("mr", ["cat", ...args], size);
      expect((await program.exit()).code).toBe(0);
      return program.stdout.replaceAll("\r\n", "\n");
    };
    expect(await shown()).toMatch(/^key\s+n\s+note\s+more\n(-+ +)+-+\nAT, Wien +3 +a\|b\n/);
    expect(await shown("--format", "raw")).toMatch(/^\{"key":"AT, Wien",/);
    expect(await cat(place)).toMatch(/^\{"key":"AT, Wien",/);
    await run(place, [{ key: "a", value: 1 }]);
    expect(await shown()).toBe("a 1\n");
    expect(await cat(place, "--format", "table")).toBe("key  value\n---  -----\na        1\n");
  });

  test("ends quietly when nobody reads on, in every format", async ({ place }) => {
    const many = Array.from({ length: 60_000 }, (_, n) => ({ key: `k${n}`, value: n }));
    await run(place, many, "--output-format", "csv");
    for (const format of ["table", "markdown", "json", "csv"]) {
      const script = '"$0" "$1" cat --format "$2" | head -n 2; echo "${PIPESTATUS[*]}"';
      const args = ["-c", script, process.execPath, programFile("mr"), format];
      const { stdout, stderr } = spawnSync("bash", args, { cwd: place.directory, encoding: "utf8" });
      expect([stderr, stdout.split("\n").slice(2)]).toEqual(["", ["0 0", ""]]);
    }
  });

  test("refuses what it cannot read, and changes nothing", async ({ place }) => {
    await run(place, [
      { key: "a b", value: "c d" },
      { key: "e", value: "f" },
    ]);
    expectRefusal(await place.run("mr", ["cat", "--format", "json"]), "cannot", "in text format", "--output-format");
    place.write("own.mjs", `${app}export const writer = { extension: "own", record: (key) => key };`);
    await place.succeed("mr", ["run", "-q", "./own.mjs", "in.jsonl"]);
    expectRefusal(await place.run("mr", ["cat", "--format", "csv"]), "the app's own format: --format cannot read it");
  });
});
