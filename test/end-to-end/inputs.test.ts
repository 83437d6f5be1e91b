import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect } from "vitest";
import { inByteOrder, sortedOutput, wordCount } from "./oracle.js";
import { bzip2Of } from "../support/bzip2-file.js";
import { xzOf } from "../support/xz-file.js";
import { expectRefusal, linesOf, root, test, until, type Place } from "./programs.js";

const text = Array.from({ length: 3000 }, (_, n) => `word${"abc"[n % 3]} é λ${n % 7}\n`).join("");

function output(place: Place, directory = "mr-output"): string[] {
  return sortedOutput(join(place.directory, directory));
}

/** Many small bzip2 streams, so that the file can be cut. */
function inStreams(contents: string): Buffer {
  const bytes = Buffer.from(contents);
  const starts = Array.from({ length: Math.ceil(bytes.length / 700) }, (_, n) => n * 700);
  return Buffer.concat(starts.map((start) => bzip2Of(bytes.subarray(start, start + 700))));
}

/** Runs `mr` with a file as its standard input. */
function mrWith(place: Place, stdin: string, args: readonly string[], TMPDIR = place.directory) {
  const descriptor = openSync(join(place.directory, stdin), "r");
  try {
    return spawnSync(process.execPath, [join(root, "dist/src/cli/mr.js"), ...args], {
      cwd: place.directory,
      env: { PATH: process.env["PATH"], TMPDIR },
      stdio: [descriptor, "pipe", "pipe"],
      encoding: "utf8",
    });
  } finally {
    closeSync(descriptor);
  }
}

const keptInputs = (place: Place) => place.files().filter((name) => name.includes("mr-inputs-"));

describe.concurrent("inputs", () => {
  test("may be patterns, directories and compressed files, and are all counted", async ({ place }) => {
    place.write("logs/a.txt", text);
    place.write("logs/deep/b.gz", Buffer.concat([gzipSync(text), gzipSync("more")]));
    place.write("logs/deep/_SUCCESS", "not this");
    place.write("logs/.hidden", "nor this");
    place.write("c.log", "see sea");
    place.write("d.log", Buffer.concat([xzOf(text), Buffer.alloc(4), xzOf("more")]));
    place.write("e.log", Buffer.concat([bzip2Of(text), bzip2Of("more")]));
    await place.succeed("mr", ["run", "wc", "--recursive", "logs", "*.lo?"]);
    expect(output(place)).toEqual(wordCount([text, text, "more", "see sea", text, "more", text, "more"]));
    await place.succeed("mr", ["sequential", "-o", "plain", "wc", "logs/**/*.gz"]);
    expect(output(place, "plain")).toEqual(wordCount([text, "more"]));
    await place.pair("wc", ["logs/**/*"], ["-o", "pair"]);
    expect(output(place, "pair")).toEqual(wordCount([text, text, "more", "not this"]));
  });

  test("may come from standard input, without leaving a copy", ({ place }) => {
    place.write("in.txt", text);
    place.write("other.txt", "other");
    const app = `
      export const input = "lines";
      export const map = (name, line, ctx) => ctx.emit(name, 1);
      export const reduce = (name, ones) => ones.length;`;
    place.write("app.mjs", app);
    for (const command of ["run", "sequential"]) {
      const args = [command, "--split-size", "8KiB", "app.mjs", "other.txt", "-"];
      expect(mrWith(place, "in.txt", args)).toMatchObject({ status: 0, stdout: "" });
      expect(output(place)).toEqual(["- 3000", "other.txt 1"]);
      expect(keptInputs(place)).toEqual([]);
    }
    place.write("in.gz", gzipSync(text));
    place.write("in.xz", xzOf(text));
    place.write("in.bz2", bzip2Of(text));
    for (const name of ["in.gz", "in.xz", "in.bz2"]) {
      expect(mrWith(place, name, ["run", "wc", "-"]).status).toBe(0);
      expect(output(place)).toEqual(wordCount([text]));
    }
  });

  for (const [extension, kind, compressed] of [
    ["gz", "gzip", gzipSync(text)],
    ["bz2", "bzip2", inStreams(text)],
  ] as const)
    test(`that are ${kind} data followed by other bytes are read to their end, with one warning`, async ({ place }) => {
      const name = place.write(`a.${extension}`, Buffer.concat([compressed, Buffer.from("TRAILER-OF-MAIL")]));
      const warning = `a.${extension}: ignored 15 bytes after the end of its ${kind} data`;
      const expected = wordCount([text]);
      for (const command of ["run", "sequential"]) {
        const { stderr } = await place.succeed("mr", [command, "--split-size", "2KiB", "wc", name]);
        expect(output(place)).toEqual(expected);
        expect(linesOf(stderr).filter((line) => line.includes("ignored"))).toEqual([
          `mr ${command}: warning: ${warning}`,
        ]);
        expect(stderr).toContain("  1 warning, told above");
      }
      const { stdout, stderr } = await place.succeed("mr", ["run", "--json", "--quiet", "-o", "quiet", "wc", name]);
      expect(JSON.parse(stdout)).toMatchObject({ warnings: { list: [warning], omitted: 0 } });
      expect(stderr).toBe(`mr run: warning: ${warning}\n`);
      const coordinator = await place.pair("wc", [name], ["-o", "pair"]);
      expect(coordinator.stderr.split(warning)).toHaveLength(2);
      await place.succeed("mr", ["report", "-o", "report.html", "pair"]);
      expect(place.read("report.html")).toContain(warning);
    });

  test("in UTF-16, or that begin with a byte order mark, are searched as their text", async ({ place }) => {
    const lines = "hello whale\r\nno\nhello\n";
    place.write("utf-16.txt", Buffer.from(`\ufeff${lines}`, "utf16le"));
    place.write("utf-16.txt.gz", gzipSync(Buffer.from(`\ufeff${lines}`, "utf16le")));
    place.write("utf-8.txt", `\ufeff${lines}`);
    place.write("utf-8.txt.gz", gzipSync(`\ufeff${lines}`));
    const names = ["utf-16.txt", "utf-16.txt.gz", "utf-8.txt", "utf-8.txt.gz"];
    const expected = names.flatMap((name) => [`${name}:1 hello whale`, `${name}:3 hello`]);
    const grep = ["grep", "--arg", "pattern=^hello", "--split-size", "1KiB"];
    for (const command of ["run", "sequential"]) {
      await place.succeed("mr", [command, ...grep, ...names]);
      expect(output(place)).toEqual(inByteOrder(expected));
    }
    await place.succeed("mr", ["run", "wc", ...names]);
    expect(output(place)).toEqual(wordCount(names.map(() => lines)));
    expect(mrWith(place, "utf-16.txt", ["run", "wc", "-"]).status).toBe(0);
    expect(output(place)).toEqual(wordCount([lines]));
  });

  test("that are not text are refused by name, with the command that makes them readable", async ({ place }) => {
    place.write("w.txt", text);
    execFileSync("tar", ["cf", "w.tar", "w.txt"], { cwd: place.directory });
    place.write("w.tar.gz", gzipSync(place.readBytes("w.tar")));
    place.write("w.tar.xz", xzOf(place.readBytes("w.tar")));
    place.write("w.tar.bz2", bzip2Of(place.readBytes("w.tar")));
    place.write("app.mjs", "export const map = (name, text, ctx) => ctx.emit(text, 1); export const reduce = () => 1;");
    const refused = (name: string, command: string) =>
      new RegExp(`${name} is .*make it readable first: ${command} ${name} `);
    for (const [app, name, command] of [
      ["wc", "w.tar", "tar -xOf"],
      ["wc", "w.tar.gz", "tar -xOf"],
      ["wc", "w.tar.xz", "tar -xOf"],
      ["wc", "w.tar.bz2", "tar -xOf"],
      ["app.mjs", "w.tar", "tar -xOf"],
    ] as const) {
      for (const program of ["run", "sequential"]) {
        const { code, stderr } = await place.run("mr", [program, app, "w.txt", name]);
        expect(code).not.toBe(0);
        expect(stderr).toMatch(refused(name, command));
        expect(stderr).not.toMatch(/\n\s+at /);
      }
    }
    expect(place.files().filter((name) => name.includes("mr-out-"))).toEqual([]);
  });

  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    test(`leave nothing when ${signal} ends the program before standard input has ended`, async ({ place }) => {
      execFileSync("mkfifo", ["pipe"], { cwd: place.directory });
      // A process that also opens it for writing never sees its end.
      const descriptor = openSync(join(place.directory, "pipe"), "r+");
      const child = spawn(process.execPath, [join(root, "dist/src/cli/mr.js"), "run", "wc", "-"], {
        cwd: place.directory,
        env: { PATH: process.env["PATH"], TMPDIR: place.directory },
        stdio: [descriptor, "ignore", "ignore"],
      });
      closeSync(descriptor);
      const ended = once(child, "exit");
      await until(
        () => keptInputs(place).length === 1,
        () => "standard input to be kept",
      );
      child.kill(signal);
      expect(await ended).toEqual([null, signal]);
      await until(
        () => keptInputs(place).length === 0,
        () => "what was kept to go",
      );
      expect(place.exists("mr-output")).toBe(false);
    });
  }

  test("are not kept in the current directory when $TMPDIR is empty", ({ place }) => {
    place.write(
      "app.mjs",
      `import { readdirSync } from "node:fs";
      export const map = () => readdirSync(".").map((key) => ({ key, value: 1 }));
      export const reduce = () => 1;`,
    );
    expect(mrWith(place, "app.mjs", ["run", "-r", "1", "app.mjs", "-"], "").status).toBe(0);
    expect(output(place)).toEqual(["app.mjs 1", "mr-output 1"]);
  });

  test("may be listed in a file, or on standard input", async ({ place }) => {
    place.write("a.txt", "one two");
    place.write("b/c.txt", "three");
    place.write("list", "\ufeffa.txt\r\n\nb/*.txt\n");
    await place.succeed("mr", ["run", "wc", "--inputs-from", "list"]);
    expect(output(place)).toEqual(wordCount(["one two three"]));
    expect(mrWith(place, "list", ["run", "wc", "--inputs-from", "-", "a.txt"]).status).toBe(0);
    expect(output(place)).toEqual(wordCount(["one two one two three"]));
  });

  test("that are unavailable are refused, and nothing is touched", async ({ place }) => {
    place.write("dir/a.txt", "a");
    place.write("fake.gz", "a");
    place.write("fake.xz", "a");
    place.write("fake.bz2", "a");
    const before = place.files();
    for (const [args, says] of [
      [["none/*.txt"], /cannot read input none\/\*\.txt: no file matches/],
      [["dir"], /dir: it is a directory; --recursive reads all files below it/],
      [["fake.gz"], /fake\.gz: it is not gzip data/],
      [["fake.xz"], /fake\.xz: it is not xz data/],
      [["fake.bz2"], /fake\.bz2: it is not bzip2 data/],
      [["-", "-"], /standard input can be read only once/],
      [["--resume", "-"], /cannot resume a job with input from standard input/],
      [["--inputs-from", "none"], /cannot read the list of inputs none: ENOENT/],
      [
        [],
        /there is no input: name files, or - for standard input, or a list of files \(--inputs-from\); .*--input NAME=FILE/,
      ],
    ] as const) {
      expectRefusal(await place.run("mr", ["run", "wc", ...args]), says);
    }
    expect(place.files()).toEqual(before);
  });

  test("that are damaged fail the job at once, which says why", async ({ place }) => {
    place.write("cut.gz", gzipSync(text).subarray(0, 100));
    place.write("cut.xz", xzOf(text).subarray(0, 100));
    place.write("cut.bz2", bzip2Of(text).subarray(0, 100));
    for (const name of ["cut.gz", "cut.xz", "cut.bz2"]) {
      const { code, stderr } = await place.run("mr", ["run", "--skip-bad-records", "5", "wc", name]);
      expect(code).toBe(1);
      expect(stderr).toContain(
        `the job failed: map task 0 (${name}): ${name} cannot be decompressed: unexpected end of file`,
      );
      expect(stderr).not.toContain("attempt 2");
      expect(place.files("mr-output")).toEqual(["mr-output/mr-report.json"]);
    }
  });
});

describe.concurrent("parsed records", () => {
  const sums = `
    export const map = (file, { name, n }, ctx) => ctx.emit(name, Number(String(n).replace(/\\D/g, "")));
    export const reduce = (name, numbers) => numbers.reduce((a, b) => a + b);`;
  const rows = Array.from({ length: 2000 }, (_, n) => ({ name: `n"${n % 5},\né`, n }));
  const expected = inByteOrder(
    [0, 1, 2, 3, 4].flatMap((rest) => {
      const sum = rows.filter(({ n }) => n % 5 === rest).reduce((sum, { n }) => sum + n, 0);
      return [`n"${rest},`, `é ${sum}`];
    }),
  );
  const csvLine = ({ name, n }: { name: string; n: number }) => `"${name.replaceAll('"', '""')}",${n}\n`;
  const withBad = (lines: string[], bad: string) => [...lines.slice(0, 700), bad, ...lines.slice(700)].join("");
  const files = {
    jsonl: withBad(
      rows.map((row) => `${JSON.stringify(row)}\n`),
      '{"name":"bad", "n": 1,}\n',
    ),
    csv: `name,n\n${withBad(rows.map(csvLine), 'bad,"1" 2\n')}`,
  };
  const line = { jsonl: 701, csv: 1402 };

  for (const input of ["jsonl", "csv"] as const) {
    for (const [extension, compression, compress] of [
      ["", undefined, (text: string) => text],
      [".gz", "gzip", gzipSync],
      [".xz", "xz", xzOf],
      [".bz2", "bzip2", inStreams],
    ] as const) {
      test(`are the same in all programs, and bad ones are left out: ${input}${extension}`, async ({ place }) => {
        const name = place.write(`in.${input}${extension}`, compress(files[input]));
        place.write("app.mjs", `export const input = "${input}"; ${sums}`);
        const refused = await place.run("mr", ["sequential", "app.mjs", name]);
        expect(refused.code).toBe(1);
        expect(refused.stderr).toContain(`${name}, line ${line[input]}: `);
        const args = ["run", "--split-size", "16KiB", "--skip-bad-records", "1", "app.mjs", name];
        await place.succeed("mr", args);
        expect(output(place)).toEqual(expected);
        const kept = JSON.parse(place.read("mr-output/mr-bad-records.jsonl")) as { text: string; error: unknown };
        expect(kept).toMatchObject({ input, ...(compression === undefined ? {} : { compression }) });
        expect(kept.text).toBe(input === "csv" ? 'bad,"1" 2\n' : '{"name":"bad", "n": 1,}\n');
        const replayed = await place.run("mr", ["replay-bad-records", "app.mjs"]);
        expect(replayed).toMatchObject({ code: 1 });
        expect(replayed.stdout).toContain(` failed: BadRecordError: ${name}, line ${line[input]}: `);
        if (input === "jsonl") return;
        place.write("app.mjs", `export const input = "csv"; export const csv = { relaxQuotes: true }; ${sums}`);
        await place.succeed("mr", ["replay-bad-records", "app.mjs"]);
        expect(output(place, "mr-replay")).toEqual(["bad 12"]);
      });
    }
  }

  test("may be read by the app, skipped by number, and replayed", async ({ place }) => {
    const app = (poison: string) => `
      export async function* readRecords(stream, ctx) {
        let text = "";
        for await (const bytes of stream) text += bytes;
        for (const paragraph of text.split("\\n\\n")) yield paragraph.split("\\n");
      }
      export function map(file, lines, ctx) {
        if (lines[0] === "${poison}") throw new Error("poison at " + ctx.offset);
        ctx.emit(file, lines.length);
      }
      export const reduce = (file, lengths) => lengths.join("+");`;
    place.write("app.mjs", app("two"));
    place.write("in.gz", gzipSync("one\na\nb\n\ntwo\nc\n\nthree"));
    const { stdout } = await place.succeed("mr", ["run", "--json", "--skip-bad-records", "1", "app.mjs", "in.gz"]);
    expect(output(place)).toEqual(["in.gz 3+1"]);
    expect((JSON.parse(stdout) as { map: unknown }).map).toMatchObject({ recordsIn: 2, bytesIn: 21 });
    place.write("app.mjs", app("never"));
    const replayed = await place.succeed("mr", ["replay-bad-records", "app.mjs"]);
    expect(linesOf(replayed.stdout)).toEqual(["in.gz:1 ok (1 pair)"]);
    expect(output(place, "mr-replay")).toEqual(["in.gz 2"]);
  });

  test("on a line that is too long are skipped, but no others", async ({ place }) => {
    place.write(
      "app.mjs",
      `
      export const input = "lines";
      export const map = (file, line, ctx) => ctx.emit(line, ctx.offset);
      export const reduce = (line, offsets) => offsets.join();`,
    );
    const script = `{ echo first; head -c 270000000 /dev/zero | tr '\\0' x; echo; echo last; } | gzip -1 > in.gz`;
    execFileSync("sh", ["-c", script], { cwd: place.directory });
    await place.succeed("mr", ["run", "--skip-bad-records", "1", "app.mjs", "in.gz"]);
    expect(output(place)).toEqual(["first 0", "last 270000007"]);
    expect(place.read("mr-output/mr-bad-records.jsonl")).toContain(
      "in.gz, line 2: a line of 257 MiB, more than 256 MiB",
    );
  });
});
