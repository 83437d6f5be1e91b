import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect } from "vitest";
import { bzip2Of } from "../support/bzip2-file.js";
import { xzOf } from "../support/xz-file.js";
import { sortedOutput } from "./oracle.js";
import { expectRefusal, linesOf, root, test, type Place } from "./programs.js";

const countries = ["AT", "DE", "CH", "AT", "DE", "AT"];
const records = Array.from({ length: 600 }, (_, n) => ({ id: n, country: countries[n % 6] ?? "", amount: n / 4 }));
/** How many records each country has, as the lines of text output. */
const expected = [`AT 300`, `CH 100`, `DE 200`];

const csv = (delimiter: string, header = "id,country,amount\n", end = "\n") =>
  header.replaceAll(",", delimiter).replace("\n", end) +
  records.map(({ id, country, amount }) => [id, country, amount].join(delimiter) + end).join("");
const jsonl = records.map((record) => `${JSON.stringify(record)}\n`).join("");
const log = records
  .map(({ id, country }) => {
    const status = { AT: 200, CH: 404, DE: 301 }[country] ?? 500;
    return `10.0.0.${id % 7} - - [10/Oct/2000:13:55:36 -0700] "GET /${id} HTTP/1.1" ${status} ${id} "-" "curl"\n`;
  })
  .join("");
const levels = records.map(({ id, country }) => `${id}ms ${country} message number ${id}\n`).join("");

/** Runs the command that `mr peek --app` names. */
async function runApp(place: Place, file: string, app: string): Promise<string[]> {
  const { stdout, stderr } = await place.succeed("mr", ["peek", file, "--app", app]);
  expect(stdout).toContain(file);
  const command = /run it with: (.*) && mr cat/.exec(stderr)?.[1] ?? "";
  const mr = `${process.execPath} ${join(root, "dist/src/cli/mr.js")}`;
  execFileSync("bash", ["-o", "pipefail", "-c", command.replace("mr run", `${mr} run -q -w 2`)], {
    cwd: place.directory,
    stdio: "pipe",
  });
  return sortedOutput(join(place.directory, "mr-output"));
}

describe.concurrent("the app that mr peek makes", () => {
  for (const [what, file, contents, lines] of [
    ["CSV", "a.csv", csv(","), expected],
    ["CSV without a header", "a.csv", csv(",", ""), expected],
    ["CSV with semicolons, of any name", "data", csv(";"), expected],
    ["CSV with tabs, compressed", "a.tsv.gz", gzipSync(csv("\t")), expected],
    ["CSV in UTF-16", "a.csv", Buffer.from(`\ufeff${csv(";")}`, "utf16le"), expected],
    ["CSV with CRLF", "a.txt", csv("|", undefined, "\r\n"), expected],
    ["CSV with lone carriage returns", "a.csv", csv(",", undefined, "\r"), expected],
    ["CSV that names its delimiter", "a.csv", `sep=;\n${csv(";")}`, expected],
    ["CSV with two columns of one name", "a.csv", csv(",", "id,country,id\n"), expected],
    [
      "CSV in Latin-1",
      "a.csv",
      Buffer.from(csv(",").replaceAll("AT", "Österreich"), "latin1"),
      ["CH 100", "DE 200", "Österreich 300"],
    ],
    ["JSON Lines", "a b.jsonl", jsonl, expected],
    ["JSON Lines in bzip2", "a.jsonl.bz2", bzip2Of(jsonl), expected],
    ["a JSON array", "a.json", JSON.stringify(records, null, 2), expected],
    ["a JSON array on one line", "a.json", JSON.stringify(records), expected],
    ["an access log", "access.log", log, ["200 300", "301 200", "404 100"]],
    ["an access log in xz", "access.log.xz", xzOf(log), ["200 300", "301 200", "404 100"]],
    ["lines", "a.log", levels, expected],
    ["text", "a.txt", "The whale.\n\nThe sea, the whale!\n", ["sea 1", "the 3", "whale 2"]],
  ] as const) {
    for (const extension of what === "CSV" || what === "JSON Lines" ? ["ts", "mjs"] : ["ts"]) {
      test(`counts the records of ${what}, in .${extension}`, async ({ place }) => {
        place.write(file, contents);
        expect(await runApp(place, file, `count.${extension}`)).toEqual(lines);
      });
    }
  }

  test("is checked by TypeScript", async ({ place }) => {
    const names = Object.entries({ "a.csv": csv(","), "b.jsonl": jsonl, "c.log": log, "d.log": levels }).map(
      ([name, contents]) => place.write(name, contents),
    );
    for (const name of names) await place.succeed("mr", ["peek", name, "--app", `${name}.ts`]);
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const strict = [
      "--noEmit",
      "--strict",
      "--skipLibCheck",
      "--module",
      "nodenext",
      "--target",
      "es2023",
      "--noUncheckedIndexedAccess",
    ];
    mkdirSync(join(place.directory, "node_modules"));
    place.write(
      "node_modules/mapreduce-ts/package.json",
      JSON.stringify({ name: "mapreduce-ts", types: join(root, "dist/src/index.d.ts") }),
    );
    place.write("package.json", '{ "type": "module" }');
    place.write(
      "node_modules/mapreduce-ts/index.d.ts",
      `export * from ${JSON.stringify(join(root, "dist/src/index.js"))};`,
    );
    place.write("node_modules/mapreduce-ts/package.json", '{ "name": "mapreduce-ts", "types": "index.d.ts" }');
    const apps = names.map((name) => `${name}.ts`);
    const { status, stdout } = spawnSync(process.execPath, [tsc, ...strict, ...apps], {
      cwd: place.directory,
      encoding: "utf8",
    });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });

  test("is printed if no file is named, and replaces no file", async ({ place }) => {
    place.write("a.csv", csv(","));
    const { stdout } = await place.succeed("mr", ["peek", "a.csv"]);
    expect(stdout).toContain('ctx.emit(row["country"] ?? "", 1);');
    expect(stdout).toContain("mr run app.ts a.csv && mr cat");
    place.write("mine.ts", "mine");
    expectRefusal(await place.run("mr", ["peek", "a.csv", "--app", "mine.ts"]), "mine.ts already exists");
    expect(place.read("mine.ts")).toBe("mine");
    expectRefusal(await place.run("mr", ["peek", "a.csv", "--app", "mine.py"]), "must end in .ts");
    expect(place.files()).toEqual(["a.csv", "mine.ts"]);
  });
});

describe.concurrent("mr peek", () => {
  test("describes a file for people and for programs", async ({ place }) => {
    place.write("a.csv", "name;n;when;note\nx\x1b[31m;1;2024-01-01;\ny;2;2024-01-02;\n漢字;N;2024-01-03;\n");
    const { stdout } = await place.succeed("mr", ["peek", "a.csv"]);
    expect(linesOf(stdout).slice(0, 18)).toEqual(
      [
        "a.csv",
        "  format      CSV, separated by semicolons, with a header",
        "  size        75 B (75 bytes)",
        "  encoding    UTF-8",
        "  line ends   LF",
        "  lines       4",
        "",
        "  column  type   empty  different",
        "  ------  -----  -----  ---------",
        "  name    text          3",
        "  n       text          3",
        "  when    date          3",
        "  note    empty  100 %  1",
        "",
        "  name       n  when        note",
        "  ---------  -  ----------  ----",
        "  x\\x1b[31m  1  2024-01-01",
        "  y          2  2024-01-02",
      ].slice(0, 18),
    );
    const described = JSON.parse((await place.succeed("mr", ["peek", "--json", "a.csv"])).stdout) as object;
    expect(described).toMatchObject({
      ...{ file: "a.csv", sizeBytes: 75, format: "csv", delimiter: ";", header: true, lines: 4, linesAre: "exact" },
      ...{ encoding: "utf-8", byteOrderMark: false, lineEnds: "LF", badRecords: 0, notes: [] },
      next: "mr run app.ts a.csv && mr cat",
    });
    expect(described).toHaveProperty("columns.2", {
      name: "when",
      type: "date",
      emptyShare: 0,
      distinct: 3,
      exceptions: 0,
    });
  });

  test("reads only the beginning of pipes, and leaves no copy", ({ place }) => {
    const mr = `${process.execPath} ${join(root, "dist/src/cli/mr.js")}`;
    const run = (script: string) => {
      const { status, stdout, stderr } = spawnSync("bash", ["-c", script], {
        ...{ cwd: place.directory, encoding: "utf8", env: { ...process.env, TMPDIR: place.directory } },
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      return stdout;
    };
    expect(run(`yes '{"a":1}' | ${mr} peek -`)).toContain("JSON Lines");
    expect(run(`yes '{"a":1}' | gzip | ${mr} peek -`)).toMatch(/size +unknown[^]*compression +gzip/);
    expect(run(`${mr} peek <(yes 'a,b')`)).toContain("CSV, separated by commas");
    expect(run(`printf 'a,b\\n1,2\\n' | ${mr} peek -`)).toContain("size        8 B");
    expect(place.files()).toEqual([]);
  });

  test("estimates the lines of a large file without reading all of it", async ({ place }) => {
    const line = "a line of some words\n";
    const path = place.write("large.txt", line.repeat(1_000_000));
    expect((await place.succeed("mr", ["peek", "large.txt"])).stdout).toMatch(/lines +about 1,000,000\n/);
    // A terabyte, of which nearly all is a hole.
    truncateSync(join(place.directory, "large.txt"), 2 ** 40);
    expect(path).toBe("large.txt");
    expect((await place.succeed("mr", ["peek", "large.txt"])).stdout).toMatch(/size +1\.1 TB/);
    place.write("repeated.gz", gzipSync(line.repeat(1_000_000)));
    expect((await place.succeed("mr", ["peek", "repeated.gz"])).stdout).toMatch(/lines +more than 3\d\d,000\n/);
    const numbers = Array.from({ length: 1_000_000 }, (_, n) => `${(n * 2654435761) % 2 ** 32} ${n}\n`).join("");
    place.write("large.txt.gz", gzipSync(numbers));
    const { stdout } = await place.succeed("mr", ["peek", "--json", "large.txt.gz"]);
    const { lines } = JSON.parse(stdout) as { lines: number };
    expect(lines / 1_000_000).toBeGreaterThan(0.9);
    expect(lines / 1_000_000).toBeLessThan(1.1);
  });

  test("says what is wrong with a file", async ({ place }) => {
    place.write("latin1.txt", Buffer.from("ok\nfünf\n", "latin1"));
    place.write("ragged.csv", `${csv(",")}1,2\n"x" y,1,2\n`);
    place.write("w.txt", "w");
    execFileSync("tar", ["cf", "w.tar", "w.txt"], { cwd: place.directory });
    place.write("w.tar.gz", gzipSync(place.readBytes("w.tar")));
    place.write("twice.gz", gzipSync(gzipSync("a")));
    place.write("empty", "");
    for (const [name, says] of [
      ["latin1.txt", /not UTF-8: line 2 has the byte 0xfc at offset 4\. .* the line is: fünf\n/],
      ["ragged.csv", /2 records of the sample are malformed \(the first one: 2 fields, and there are 3 columns\)/],
      ["w.tar", /it is a tar archive, which is not text; make it readable first: tar -xOf w\.tar \| mr run APP -/],
      ["w.tar.gz", /it contains a tar archive/],
      ["twice.gz", /compressed twice: it contains gzip data/],
      ["empty", /empty: a job reads no record/],
    ] as const) {
      expect((await place.succeed("mr", ["peek", name])).stdout).toMatch(says);
    }
    for (const [args, says] of [
      [["none"], /cannot read input none: no such file/],
      [["."], /\.: it is a directory/],
      [[], /there is no input/],
      [["latin1.txt", "--app", "empty/a.ts"], /cannot write empty\/a\.ts: part of the path is not a directory/],
      [["empty", "--app", "a.ts"], /cannot make an app for empty: it is empty/],
      [["w.tar", "--app", "a.ts"], /cannot make an app for w\.tar: it is a tar archive/],
    ] as const) {
      expectRefusal(await place.run("mr", ["peek", ...args]), says);
    }
    place.write("cut.gz", gzipSync(csv(",")).subarray(0, 900));
    expectRefusal(await place.run("mr", ["peek", "cut.gz"]), /cut\.gz cannot be decompressed: unexpected end of file/);
  });
});
