/** What jobs write: formats, jobs without reduce tasks, the manifest, and the commands that read the output. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect } from "vitest";
import { calls, called, writeLoggedApp } from "./logged-app.js";
import { inByteOrder } from "./oracle.js";
import { expectRefusal, linesOf, root, stagedIn, test, until, type Place } from "./programs.js";

/** Counts words, with numbers as values; each format must handle the keys. */
const countsApp = `
export const map = (file, text, ctx) => { for (const word of text.split("|")) ctx.emit(word, 1); };
export const reduce = (word, ones) => ones.length;`;
const words = ["the", "cat", "a b", "a,b", 'say "x"', "tab\there", "back\\slash", "new\nline", "é", "\uffff", "😀", ""];
const text = words.flatMap((word, index) => Array.from({ length: index + 1 }, () => word)).join("|");
const keysInOrder = inByteOrder(words);

/** The parsed contents of a file in each format, read in the simplest way. */
const readers: Record<string, (content: string) => [string, number][]> = {
  tsv: (content) =>
    linesOf(content).map((line) => {
      const [key = "", value] = line.split("\t");
      return [JSON.parse(`"${key.replaceAll('"', '\\"')}"`) as string, Number(value)];
    }),
  jsonl: (content) =>
    linesOf(content).map((line) => {
      const { key, value } = JSON.parse(line) as { key: string; value: number };
      return [key, value];
    }),
  csv: (content) => {
    expect(content).toMatch(/^key,value\n/);
    return [...content.slice(10).matchAll(/(?:"((?:[^"]|"")*)"|([^,\n]*)),(\d+)\n/g)].map((match) => {
      return [(match[1] ?? match[2] ?? "").replaceAll('""', '"'), Number(match[3])];
    });
  },
};

describe.concurrent("the output", () => {
  for (const [format, read] of Object.entries(readers)) {
    test(`as ${format} is that of mr sequential, compressed or not, and mr cat merges it`, async ({ place }) => {
      place.write("counts.mjs", countsApp);
      place.write("in.txt", text);
      const job = ["-r", "3", "--output-format", format, "./counts.mjs", "in.txt"];
      await Promise.all([
        place.succeed("mr", ["run", "-o", "plain", ...job]),
        place.succeed("mr", ["run", "-o", "gz", "--compress", "gz", ...job]),
        place.succeed("mr", ["sequential", "-o", "one", "--compress", "gz", ...job]),
      ]);
      const names = [0, 1, 2].map((partition) => `mr-out-${partition}.${format}`);
      expect(outputNames(place, "plain")).toEqual(names);
      expect(outputNames(place, "gz")).toEqual(names.map((name) => `${name}.gz`));
      for (const name of names) {
        const [plain, gz, one] = [`plain/${name}`, `gz/${name}.gz`, `one/${name}.gz`].map((path) =>
          place.readBytes(path),
        );
        expect(gz).toEqual(one);
        expect(gunzipSync(gz ?? "")).toEqual(plain);
      }
      const pairs = names.flatMap((name) => read(place.read(`plain/${name}`)));
      const expected = words.map((word, index): [string, number] => [word, index + 1]);
      expect(new Map(pairs)).toEqual(new Map(expected));
      expect(pairs).toHaveLength(words.length);
      for (const directory of ["plain", "gz"]) {
        const { stdout } = await place.succeed("mr", ["cat", directory]);
        expect(read(stdout).map(([key]) => key)).toEqual(keysInOrder);
        expect(new Map(read(stdout))).toEqual(new Map(expected));
        await place.succeed("mr", ["verify", directory]);
      }
      const { stdout } = await place.succeed("mr", ["cat", "gz", "--top", "2"]);
      expect(read(stdout)).toEqual(expected.reverse().slice(0, 2));
    });
  }

  test("in a different format replaces the earlier output, even that of an app's own writer", async ({ place }) => {
    place.write("counts.mjs", countsApp);
    place.write("own.mjs", ownWriterApp);
    place.write("in.txt", "a|a");
    const run = (app: string, ...more: string[]) => place.succeed("mr", ["run", "-r", "2", ...more, app, "in.txt"]);
    const isAlone = async (...names: string[]) => {
      expect(outputNames(place, "mr-output")).toEqual(names);
      const { stdout } = await place.succeed("mr", ["verify"]);
      expect(stdout).toMatch(/^mr-output: 2 files, 1 record, /);
    };
    await run("./counts.mjs", "--output-format", "csv");
    await isAlone("mr-out-0.csv", "mr-out-1.csv");
    await run("./own.mjs");
    await isAlone("mr-out-0.own", "mr-out-1.own");
    await run("./own.mjs", "--compress", "gz");
    await isAlone("mr-out-0.own.gz", "mr-out-1.own.gz");
    await run("./counts.mjs");
    await isAlone("mr-out-0", "mr-out-1");
  });

  test("of an app's own writer has its header, records and footer in each file", async ({ place }) => {
    place.write("own.mjs", ownWriterApp);
    place.write("in.txt", "a|b|c|a");
    await place.succeed("mr", ["run", "-r", "2", "./own.mjs", "in.txt"]);
    const files = outputNames(place, "mr-output").map((name) => place.read(`mr-output/${name}`));
    for (const file of files) expect(file).toMatch(/^<\n(\w=\d\n)*>\n$/);
    expect(files.join("").match(/\w=\d/g)?.sort()).toEqual(["a=2", "b=1", "c=1"]);
    expect((await place.succeed("mr", ["cat"])).stdout).toBe(files.join(""));
    expectRefusal(await place.run("mr", ["cat", "--top", "1"]), "mr cat", "the app's own format");
    for (const command of ["run", "sequential"]) {
      const given = [command, "-o", "x", "--output-format", "csv", "./own.mjs", "in.txt"];
      expectRefusal(await place.run("mr", given), "writer of its own", "leave out --output-format");
    }
    expect(place.exists("x")).toBe(false);
  });

  test("of an app's own writer takes precedence over the format of a config file or a variable", async ({ place }) => {
    place.write("own.mjs", ownWriterApp);
    place.write("counts.mjs", countsApp);
    place.write("in.txt", "a|b|c|a");
    place.write("mr.config.json", JSON.stringify({ outputFormat: "csv", reducers: 1 }));
    await place.succeed("mr", ["run", "./own.mjs", "in.txt"]);
    expect(outputNames(place, "mr-output")).toEqual(["mr-out-0.own"]);
    expect(place.read("mr-output/mr-out-0.own")).toBe("<\na=2\nb=1\nc=1\n>\n");
    await place.pair("./own.mjs", ["in.txt"], ["-o", "pair"]);
    await place.succeed("mr", ["sequential", "-o", "alone", "./own.mjs", "in.txt"], {
      env: { MR_OUTPUT_FORMAT: "tsv" },
    });
    for (const directory of ["pair", "alone"]) {
      expect(place.read(`${directory}/mr-out-0.own`)).toBe(place.read("mr-output/mr-out-0.own"));
    }
    await place.succeed("mr", ["run", "./counts.mjs", "in.txt"]);
    expect(outputNames(place, "mr-output")).toEqual(["mr-out-0.csv"]);
  });
});

const ownWriterApp = `${countsApp}
export const writer = { extension: "own", header: "<\\n", footer: ">\\n", record: (key, value) => \`\${key}=\${value}\\n\` };`;

/** Sums by two columns, in the layout of the writer. */
const salesApp = (writer: string, result: string) => `
export const input = "csv";
export const map = (file, { country, town, n }, ctx) => ctx.emit(JSON.stringify([country, town]), Number(n));
export const reduce = (key, numbers) => {
  const [country, town] = JSON.parse(key);
  const total = numbers.reduce((sum, n) => sum + n);
  return ${result};
};
export const writer = ${writer};`;
const sales = 'country,town,n\nAT,"Wien, Umgebung",3\nAT,Graz,2\nDE,Köln,5\nAT,"Wien, Umgebung",4\n"""DE""","a\nb",5\n';

describe.concurrent("an app that names a format as its writer", () => {
  test("writes csv with its own columns, the same wherever it runs, and mr cat has one header", async ({ place }) => {
    const writer = '{ format: "csv", columns: ["country", "town", "total"], values: true }';
    place.write("sales.mjs", salesApp(writer, "{ country, town, total }"));
    place.write("in.csv", sales);
    await place.pair("./sales.mjs", ["in.csv"], ["-r", "3", "-o", "pair"]);
    await place.succeed("mr", ["run", "-r", "3", "-o", "run", "./sales.mjs", "in.csv"]);
    await place.succeed("mr", ["sequential", "-r", "3", "-o", "one", "./sales.mjs", "in.csv"]);
    const rows = ['"""DE""","a\nb",5', "AT,Graz,2", 'AT,"Wien, Umgebung",7', "DE,Köln,5"].sort();
    for (const directory of ["pair", "run", "one"]) {
      expect(outputNames(place, directory)).toEqual(["mr-out-0.csv", "mr-out-1.csv", "mr-out-2.csv"]);
      const { stdout } = await place.succeed("mr", ["cat", directory]);
      expect(stdout).toMatch(/^country,town,total\n/);
      expect(
        stdout
          .slice("country,town,total\n".length, -1)
          .split(/\n(?!b)/)
          .sort(),
      ).toEqual(rows);
      await place.succeed("mr", ["verify", directory]);
      expectRefusal(await place.run("mr", ["cat", directory, "--top", "1"]), "values without keys");
    }
    expect(manifestOf(place, "run")).toMatchObject({
      manifest: 2,
      options: { outputFormat: "csv", columns: ["country", "town", "total"], values: true },
    });
  });

  for (const format of ["csv", "tsv"]) {
    test(`has the key in the first column of ${format}, and mr cat merges by it`, async ({ place }) => {
      place.write("sales.mjs", salesApp(`{ format: "${format}", columns: ["place", "total"] }`, "total"));
      place.write("in.csv", sales);
      await place.succeed("mr", ["run", "-r", "3", "-o", "many", "--compress", "gz", "./sales.mjs", "in.csv"]);
      await place.succeed("mr", ["run", "-r", "1", "-o", "one", "./sales.mjs", "in.csv"]);
      const { stdout } = await place.succeed("mr", ["cat", "many"]);
      expect(stdout).toBe(place.read(`one/mr-out-0.${format}`));
      expect((await place.succeed("mr", ["cat", "many", "--top", "1"])).stdout).toMatch(/^place.total\n.*Wien.*7\n$/);
    });
  }

  test("is told the key and the field that do not fit, and leaves no output", async ({ place }) => {
    place.write("sales.mjs", salesApp('{ format: "csv", columns: ["place", "sum"] }', "{ total }"));
    place.write("in.csv", sales);
    const { code, stderr } = await place.run("mr", ["run", "-q", "-r", "1", "./sales.mjs", "in.csv"]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `reduce: the value of key ${JSON.stringify('["AT","Graz"]')} does not fit the columns: it has no field "sum"`,
    );
    expect(stderr).not.toContain("Array.map");
    expect(place.exists("mr-output/mr-out-0.csv")).toBe(false);
  });

  test("cannot be given another format on the command line", async ({ place }) => {
    place.write("sales.mjs", salesApp('"csv"', "total"));
    place.write("in.csv", sales);
    const other = ["run", "--output-format", "jsonl", "--values", "./sales.mjs", "in.csv"];
    expectRefusal(
      await place.run("mr", other),
      "writer of its own, for .csv files; leave out --output-format and --values",
    );
    await place.succeed("mr", ["run", "-r", "1", "./sales.mjs", "in.csv"], { env: { MR_OUTPUT_FORMAT: "tsv" } });
    expect(place.read("mr-output/mr-out-0.csv")).toMatch(/^key,value\n/);
  });
});

describe.concurrent("--values", () => {
  test("writes only the values, of reduce and of map, and mr cat writes file after file", async ({ place }) => {
    place.write("counts.mjs", countsApp);
    place.write("in.txt", text);
    const values = ["--output-format", "jsonl", "--values"];
    await place.succeed("mr", ["run", "-r", "3", "-o", "run", ...values, "./counts.mjs", "in.txt"]);
    await place.succeed("mr", ["sequential", "-r", "3", "-o", "one", ...values, "./counts.mjs", "in.txt"]);
    await place.pair("./counts.mjs", ["in.txt"], ["-r", "3", "-o", "pair", ...values]);
    for (const directory of ["run", "one", "pair"]) {
      const files = outputNames(place, directory).map((name) => place.read(`${directory}/${name}`));
      const found = linesOf(files.join("")).map(Number);
      expect(found.sort((a, b) => a - b)).toEqual(words.map((_, index) => index + 1));
      expect((await place.succeed("mr", ["cat", directory])).stdout).toBe(files.join(""));
      await place.succeed("mr", ["verify", directory]);
    }
    await place.succeed("mr", ["run", "-r", "0", "-o", "maps", ...values, "./counts.mjs", "in.txt"]);
    expect(place.read("maps/mr-out-0.jsonl")).toBe("1\n".repeat(text.split("|").length));
  });

  test("needs jsonl", async ({ place }) => {
    place.write("counts.mjs", countsApp);
    place.write("in.txt", text);
    for (const format of ["text", "tsv", "csv"]) {
      const { code, stderr } = await place.run("mr", [
        "run",
        "--values",
        "--output-format",
        format,
        "./counts.mjs",
        "in.txt",
      ]);
      expect([code, stderr]).toEqual([2, expect.stringContaining("--values needs --output-format jsonl")]);
    }
    expect(place.exists("mr-output")).toBe(false);
  });
});

describe.concurrent("a job without reduce tasks", () => {
  const app = `
  export const input = "lines";
  export function map(file, line, ctx) {
    if (line === "bad") throw new Error("a bad line");
    if (line !== "") ctx.emit(file + ":" + ctx.offset, line);
  }`;
  const expected = ["b.txt:0 z", "b.txt:2 a", "a.txt:0 x"];

  test("writes what each map emits, in order; with a coordinator and workers as with one process", async ({
    place,
  }) => {
    place.write("lines.mjs", app);
    place.write("a.txt", "x\n\n");
    place.write("b.txt", "z\na\n");
    const job = ["-r", "0", "b.txt", "a.txt"];
    await place.pair("./lines.mjs", ["b.txt", "a.txt"], ["-r", "0", "-o", "pair"]);
    await place.succeed("mr", ["run", "-o", "run", "./lines.mjs", ...job]);
    await place.succeed("mr", ["sequential", "-o", "one", "./lines.mjs", ...job]);
    for (const directory of ["pair", "run", "one"]) {
      expect(outputNames(place, directory)).toEqual(["mr-out-0", "mr-out-1"]);
      expect(place.read(`${directory}/mr-out-0`)).toBe("b.txt:0 z\nb.txt:2 a\n");
      expect(linesOf((await place.succeed("mr", ["cat", directory])).stdout)).toEqual(expected);
      const { stdout } = await place.succeed("mr", ["verify", directory]);
      expect(stdout).toMatch(/^\w+: 2 files, 3 records, 30 B, as lines\.mjs left them at \S+\n$/);
    }
  });

  test("needs -r 0 for an app without reduce, and says so before anything is written", async ({ place }) => {
    place.write("lines.mjs", app);
    place.write("a.txt", "x\n");
    for (const command of ["run", "sequential"]) {
      expectRefusal(await place.run("mr", [command, "./lines.mjs", "a.txt"]), "no function reduce", "pass -r 0");
    }
    const coordinator = place.start("mr-coordinator", ["a.txt"]);
    await coordinator.says("listening at");
    expectRefusal(await place.run("mr-worker", ["./lines.mjs"]), "no function reduce", "pass -r 0");
    coordinator.signal("SIGINT");
    await coordinator.exit();
    expect(place.files()).toEqual(["a.txt", "lines.mjs"]);
  });

  test("skips bad records, and replays them into their own output", async ({ place }) => {
    place.write("lines.mjs", app);
    place.write("a.txt", "x\nbad\ny\nbad\n");
    await place.succeed("mr", ["run", "-r", "0", "--skip-bad-records", "2", "./lines.mjs", "a.txt"]);
    expect(place.read("mr-output/mr-out-0")).toBe("a.txt:0 x\na.txt:6 y\n");
    expect(manifestOf(place, "mr-output")).toMatchObject({ badRecords: 2, options: { skipBadRecords: 2 } });
    place.write("mended.mjs", app.replace('"bad"', "undefined"));
    await place.succeed("mr", ["replay-bad-records", "-r", "0", "./mended.mjs", "mr-output"]);
    expect(linesOf((await place.succeed("mr", ["cat", "mr-replay"])).stdout)).toEqual(["a.txt:2 bad", "a.txt:8 bad"]);
  });

  test("that was killed continues with --resume; an output that has disappeared is made again", async ({ place }) => {
    writeLoggedApp(place, "ctx.task === 2");
    const inputs = ["abc", "ab", "a"].map((content, index) => place.write(`${index}.txt`, content));
    const job = ["-r", "0", "-w", "1", "-o", "out", "./logged.mjs", ...inputs];
    const killed = place.start("mr", ["run", ...job]);
    await called(place, "map 2 1");
    killed.signal("SIGKILL");
    await killed.exit();
    await until(
      () => place.processes().length === 0,
      () => "the workers to end",
    );
    expect(place.exists("out/mr-manifest.json")).toBe(false);
    expectRefusal(await place.run("mr", ["cat", "out"]), "no output of a finished job");
    fs.rmSync(join(place.directory, stagedIn(place, "out", "mr-out-0")));
    place.write("go", "");
    const format = await place.run("mr", ["run", "--resume", "--output-format", "csv", ...job]);
    expectRefusal(format, "it had no --output-format and no --compress, but this one has --output-format csv");
    await place.succeed("mr", ["run", "--resume", ...job]);
    expect(calls(place).filter((call) => call.startsWith("map 1"))).toHaveLength(1);
    expect(linesOf((await place.succeed("mr", ["cat", "out"])).stdout)).toEqual(
      "abcaba".split("").map((key) => `${key} 1`),
    );
    await place.succeed("mr", ["verify", "out"]);
  });

  test("has its slow task done by a backup attempt, once", async ({ place }) => {
    writeLoggedApp(place, "ctx.task === 1 && ctx.attempt === 1");
    const inputs = [place.write("0.txt", "abc"), place.write("1.txt", "d")];
    await place.succeed("mr", ["run", "-r", "0", "-w", "2", "--task-timeout", "500ms", "./logged.mjs", ...inputs]);
    expect((await place.succeed("mr", ["cat"])).stdout).toBe("a 1\nb 1\nc 1\nd 1\n");
    await place.succeed("mr", ["verify"]);
  });
});

describe.concurrent("the manifest", () => {
  test("describes the app and its inputs, and stays while the next job runs and when that is stopped", async ({
    place,
  }) => {
    writeLoggedApp(place, "ctx.args.x === '2' || ctx.args.wait");
    place.write("in.txt", "abca");
    const job = ["-r", "2", "-o", "out", "./logged.mjs", "in.txt"];
    await place.succeed("mr", ["run", "--arg", "x=1", ...job]);
    const { size } = fs.statSync(join(place.directory, "in.txt"));
    expect(manifestOf(place, "out")).toMatchObject({
      app: { name: "logged.mjs", hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string, input: "file" },
      args: { x: "1" },
      inputs: [{ name: "in.txt", path: join(place.directory, "in.txt"), bytes: size }],
      options: { reducers: 2, outputFormat: "text", compress: "none" },
      outputs: [
        { name: "mr-out-0", records: 2 },
        { name: "mr-out-1", records: 1 },
      ],
      map: { recordsIn: 1, recordsOut: 4 },
      reduce: { recordsIn: 4, recordsOut: 3 },
    });
    const next = place.start("mr", ["run", "--arg", "wait=1", ...job]);
    await until(
      () => calls(place).filter((call) => call === "map 0 1").length === 2,
      () => "the next job to begin",
    );
    const before = place.read("out/mr-manifest.json");
    next.signal("SIGINT");
    expect((await next.exit()).code).toBe(130);
    expect(place.read("out/mr-manifest.json")).toBe(before);
    await place.succeed("mr", ["verify", "out"]);
  });

  test.for(["run", "sequential"])(
    "of mr %s says that there are ranges, and only a sample",
    async (command, { place }) => {
      place.write("in.txt", "d\nb\na\nc\n");
      const job = ["-r", "2", "--partitioner", "range", "--sample", "50%", "sort", "in.txt"];
      await place.succeed("mr", [command, ...job]);
      expect(manifestOf(place, "mr-output")).toMatchObject({
        options: { partitioner: "range", samplePercent: 50, outputFormat: "text" },
        map: { recordsOut: 2 },
      });
    },
  );

  test("is what mr verify checks the files against", async ({ place }) => {
    place.write("in.txt", "a b c d e f g h");
    await place.succeed("mr", ["run", "-r", "2", "wc", "in.txt"]);
    expect((await place.succeed("mr", ["verify"])).stdout).toMatch(/^mr-output: 2 files, 8 records, 32 B, as wc/);
    const path = join(place.directory, "mr-output/mr-out-1");
    fs.writeFileSync(path, place.read("mr-output/mr-out-1").replace("1", "2"));
    place.write("mr-output/mr-out-7", "");
    const { code, stdout, stderr } = await place.run("mr", ["verify"]);
    expect([code, stderr]).toEqual([1, ""]);
    expect(linesOf(stdout)).toEqual([
      expect.stringMatching(/^mr-out-1: its CRC-32 is /),
      "mr-out-7: it is not an output of the job",
    ]);
  });
});

test("mr cat ends quietly when its reader is gone", async ({ place }) => {
  place.write(
    "numbers.mjs",
    `
    export const map = (file, text, ctx) => { for (let n = 0; n < 200000; n++) ctx.emit("key" + n, n); };`,
  );
  place.write("in.txt", "x");
  await place.succeed("mr", ["sequential", "-r", "0", "./numbers.mjs", "in.txt"]);
  const script = '"$0" "$1" cat | head -n 2; echo "${PIPESTATUS[0]}"';
  const program = [process.execPath, join(root, "dist/src/cli/mr.js")];
  const { stdout, stderr } = spawnSync("bash", ["-c", script, ...program], { cwd: place.directory, encoding: "utf8" });
  expect({ stdout, stderr }).toEqual({ stdout: "key0 0\nkey1 1\n0\n", stderr: "" });
});

test("a job continues when its apps' logs cannot be written", ({ place }) => {
  place.write(
    "talks.mjs",
    `export const input = "lines";
    export const map = async (file, line, ctx) => {
      ctx.log(line);
      // So that what was said is written before the next line.
      await new Promise((resolve) => setTimeout(resolve, 20));
      ctx.emit(line, 1);
    };
    export const reduce = (key, ones) => ones.length;`,
  );
  place.write("in.txt", "a\nb\nc\nd\n");
  const script = '"$0" "$1" run --json -w 1 -r 1 ./talks.mjs in.txt 2>/dev/full';
  const program = [process.execPath, join(root, "dist/src/cli/mr.js")];
  const { status, stdout } = spawnSync("sh", ["-c", script, ...program], { cwd: place.directory, encoding: "utf8" });
  expect(JSON.parse(stdout)).toMatchObject({ attempts: { failed: 0, crashed: 0 } });
  expect(status).toBe(0);
});

function outputNames(place: Place, directory: string): string[] {
  return fs.readdirSync(join(place.directory, directory)).filter((name) => !/^mr-(manifest|report)\.json$/.test(name));
}

function manifestOf(place: Place, directory: string): unknown {
  return JSON.parse(place.read(`${directory}/mr-manifest.json`));
}
