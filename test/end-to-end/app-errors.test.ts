import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { expectRefusal, linesOf, test, type Ended, type Place } from "./programs.js";

const map = `export const map = (name, text, ctx) => ctx.emit("a", 1);`;
const reduce = `export const reduce = (key, values) => values.length;`;

describe.concurrent("an app that cannot be used", () => {
  for (const [what, { file = "app.mjs", source, says }] of Object.entries<{
    file?: string;
    source: string;
    says: (string | RegExp)[];
  }>({
    "has a syntax error": {
      source: `${map}\nexport const x = ;\n${reduce}`,
      says: [/app\.mjs/, "SyntaxError", /app\.mjs:2/],
    },
    "has a syntax error in TypeScript": { file: "app.ts", source: `${map}\nconst x: = 1;`, says: [/app\.ts/, /:2\b/] },
    "has no map": { source: reduce, says: [/app\.mjs/, /no function map/] },
    "has no reduce": { source: map, says: [/app\.mjs/, /no function reduce/] },
    "exports nothing": { source: "", says: [/app\.mjs/, /no function map/] },
    "exports Map and Reduce": {
      source: `export const Map = () => []; export const Reduce = () => 1;`,
      says: [/it exports Map/],
    },
    "exports a map that is no function": {
      source: `export const map = 1; ${reduce}`,
      says: [/app\.mjs/, /export map/],
    },
    "exports a reduce that is no function": {
      source: `${map} export const reduce = "x";`,
      says: [/app\.mjs/, /export reduce/],
    },
    "exports a combine that is no function": {
      source: `${map} ${reduce} export const combine = {};`,
      says: [/export combine/],
    },
    "exports a partition that is no function": {
      source: `${map} ${reduce} export const partition = 3;`,
      says: [/export partition/],
    },
    "exports an unknown input": {
      source: `${map} ${reduce} export const input = "xml";`,
      says: [/app\.mjs/, /export input/, /xml/],
    },
    "exports both input and readRecords": {
      source: `${map} ${reduce} export const input = "lines"; export async function* readRecords() {}`,
      says: [/exports both input and readRecords/],
    },
    "wants parsed records as bytes": {
      source: `${reduce} export const mapBytes = () => {}; export const input = "jsonl";`,
      says: [/mapBytes, but the records of "jsonl" are not bytes: export map instead/],
    },
    "exports csv for what is none": {
      source: `${map} ${reduce} export const csv = {};`,
      says: [/export csv applies only with input = "csv"/],
    },
    "exports an unknown option of csv": {
      source: `${map} ${reduce} export const input = "csv"; export const csv = { seperator: ";" };`,
      says: [/export csv has no option "seperator"; it has delimiter/],
    },
    "exports a wrong value of an option of csv": {
      source: `${map} ${reduce} export const input = "csv"; export const csv = { columns: ["a", "a"] };`,
      says: [/export csv\.columns must be an array of different strings/],
    },
    "exports both reduce and reduceStream": {
      source: `${map} ${reduce} export const reduceStream = () => 1;`,
      says: [/reduceStream/],
    },
    "throws when it is loaded": {
      source: `${map} ${reduce}\nthrow new RangeError("no licence");`,
      says: ["no licence", /app\.mjs:2/],
    },
    "throws no error when it is loaded": { source: `throw "tantrum";`, says: [/app\.mjs/, "tantrum"] },
    "imports what there is not": {
      source: `import "./missing.mjs"; ${map} ${reduce}`,
      says: [/app\.mjs/, /missing\.mjs/],
    },
    "is CommonJS with an error": {
      file: "app.cjs",
      source: `require("no-such-package");`,
      says: [/app\.cjs/, /no-such-package/],
    },
  })) {
    test(`is refused in a line or two when it ${what}, and nothing is touched`, async ({ place }) => {
      place.write(file, source);
      place.write("old/mr-out-0", "earlier output\n");
      place.write("in.txt", "text");
      const before = place.files();
      for (const refused of await Promise.all([
        place.run("mr", ["run", "-w", "1", "-o", "new/deep", file, "in.txt"]),
        place.run("mr", ["sequential", "-o", "old", file, "in.txt"]),
      ])) {
        expectRefusal(refused, ...says);
        expect(linesOf(refused.stderr).length, refused.stderr).toBeLessThanOrEqual(2);
      }
      expect(place.files()).toEqual(before);
      expect(place.exists("new")).toBe(false);
      expect(place.read("old/mr-out-0")).toBe("earlier output\n");
    });
  }

  test("is refused when it ends its process while it is loaded", async ({ place }) => {
    place.write("app.mjs", `process.exit(0);`);
    place.write("old/mr-out-0", "earlier output\n");
    place.write("in.txt", "text");
    for (const refused of await Promise.all([
      place.run("mr", ["run", "app.mjs", "in.txt"]),
      place.run("mr", ["run", "-o", "old", "app.mjs", "in.txt"]),
      place.run("mr-worker", ["--quiet", "app.mjs"]),
    ])) {
      expectRefusal(refused, "app.mjs", "process.exit");
    }
    expect(place.files()).toEqual(["app.mjs", "in.txt", "old/mr-out-0"]);
    expect(place.exists("mr-output")).toBe(false);
  });

  test("is refused when there is no such file, no such bundled app, a directory or a text", async ({ place }) => {
    place.write("in.txt", "text");
    mkdirSync(join(place.directory, "folder"));
    for (const command of [["run"], ["sequential"], ["worker"]] as const) {
      const inputs = command[0] === "worker" ? [] : ["in.txt"];
      for (const [app, says] of [
        ["./missing.js", /missing\.js.*no such file/],
        ["nosuchapp", /nosuchapp.*wc/],
        ["folder", /folder.*not a file/],
        ["in.txt", /in\.txt/],
      ] as const) {
        expectRefusal(await place.run("mr", [...command, app, ...inputs]), says);
      }
    }
    expect(place.files()).toEqual(["in.txt"]);
  });

  test("does not end the job of the coordinator that its worker was to join", async ({ place }) => {
    place.write("bad.mjs", map);
    place.write("in.txt", "a b a");
    const coordinator = place.start("mr-coordinator", ["-r", "1", "in.txt"]);
    await coordinator.says("listening at");
    expectRefusal(await place.run("mr-worker", ["--quiet", "bad.mjs"]), /no function reduce/);
    expect(coordinator.isRunning).toBe(true);
    await place.succeed("mr-worker", ["wc"]);
    expect(await coordinator.exit()).toMatchObject({ code: 0 });
    expect(place.read("mr-out-0")).toBe("a 2\nb 1\n");
  });
});

describe.concurrent("an app that fails", () => {
  const thrower = `export function map(name) {\n  check(name);\n}
    function check(name) {\n  throw new RangeError("cannot map " + name);\n}
    ${reduce}`;
  for (const file of ["app.mjs", "app.ts"]) {
    test(`in map ends the job with its own error, file and line, and no output: ${file}`, async ({ place }) => {
      place.write(
        file,
        thrower
          .replaceAll("(name)", file.endsWith(".ts") ? "(name: string)" : "(name)")
          .replace("check(name: string);", "check(name);"),
      );
      for (const ended of await failInAllWays(place, file)) {
        expect(ended.stderr).toContain("RangeError: cannot map in.txt");
        expect(ended.stderr).toMatch(/at check .*app\.(mjs|ts):5:/);
        expect(ended.stderr).toMatch(/at ([A-Za-z]+\.)?map .*app\.(mjs|ts):2:/);
        expect(ended.stderr).not.toMatch(/node:internal|dist\/src/);
      }
    });
  }

  test("says at which record map threw, by its beginning", async ({ place }) => {
    for (const [input, record] of [
      ["lines", '"text\\u0007"'],
      ["csv", "{ 'text\\x07': 'b' }"],
      ["file", '"text\\u0007\\nb'],
    ]) {
      place.write(
        "app.mjs",
        `export const input = "${input}"; export const map = () => { throw new Error("no"); }; ${reduce}`,
      );
      place.write("in.txt", `text\u0007\nb${"x".repeat(input === "file" ? 1000 : 0)}`);
      for (const how of ["run", "sequential"]) {
        const { code, stderr } = await place.run("mr", [how, "app.mjs", "in.txt"]);
        expect({ code, stderr }).toEqual({
          code: 1,
          stderr: expect.stringContaining(`the record: ${record}`) as string,
        });
        expect(stderr).not.toContain("x".repeat(300));
      }
    }
  });

  test("says at which key reduce threw, why, and where in the source", async ({ place }) => {
    place.write(
      "app.mjs",
      `${map}
export const reduce = (key) => {
  throw new Error("no price", { cause: new RangeError("rate is missing", { cause: "the file is old" }) });
};`,
    );
    for (const { stderr } of await failInAllWays(place, "app.mjs")) {
      expect(stderr).toContain("Error: no price, caused by RangeError: rate is missing, caused by 'the file is old'");
      expect(stderr).toContain('at key "a"');
      expect(stderr).toContain("> 3 |   throw new Error(");
    }
  });

  for (const [what, { source, says }] of Object.entries<{ source: string; says: RegExp[] }>({
    "throws in reduce": {
      source: `${map}\nexport async function reduce(key) { throw new Error("bad " + key); }`,
      says: [/reduce task \d+/, /Error: bad a/, /app\.mjs:2/],
    },
    "throws what is no error": {
      source: `export const map = () => { throw { code: 7 }; }; ${reduce}`,
      says: [/code: 7|\[object Object\]/],
    },
    "throws later, in a generator": {
      source: `export function* map() { yield { key: "a", value: 1 };\nthrow new Error("half way"); } ${reduce}`,
      says: [/half way/, /app\.mjs:2/],
    },
    "throws in combine": {
      source: `export const map = (n, t, ctx) => { ctx.emit("a", 1); ctx.emit("a", 2); }; ${reduce} export const combine = () => { throw new Error("cannot combine"); };`,
      says: [/cannot combine/],
    },
    "throws in partition": {
      source: `${map} ${reduce} export const partition = () => { throw new Error("cannot choose"); };`,
      says: [/cannot choose/],
    },
    "gives a partition that there is not": {
      source: `${map} ${reduce} export const partition = (key, n) => n;`,
      says: [/partition/, /10/],
    },
    "gives a partition that is no number": {
      source: `${map} ${reduce} export const partition = () => "0";`,
      says: [/partition/],
    },
    "emits an undefined value": {
      source: `export const map = (n, t, ctx) => ctx.emit("the key", undefined); ${reduce}`,
      says: [/emit/, /"the key"/, /undefined/],
    },
    "emits a function": {
      source: `export const map = (n, t, ctx) => ctx.emit("the key", () => 1); ${reduce}`,
      says: [/"the key"/, /function/],
    },
    "emits NaN": {
      source: `export const map = (n, t, ctx) => ctx.emit("the key", NaN); ${reduce}`,
      says: [/"the key"/, /NaN/],
    },
    "emits an object with NaN in it": {
      source: `export const map = (n, t, ctx) => ctx.emit("the key", { stats: [{ mean: NaN }] }); ${reduce}`,
      says: [/"the key": value\.stats\[0\]\.mean is NaN; use null/],
    },
    "returns a Map from reduce": {
      source: `${map} export const reduce = () => ({ counts: new Map() });`,
      says: [/^.*reduce: .* key "a": value\.counts is a Map; use Object\.fromEntries\(map\)/m],
    },
    "returns the values of reduceStream themselves": {
      source: `${map} export const reduceStream = (key, values) => values;`,
      says: [/reduce: .* key "a": value is /, /use an array/],
    },
    "returns a promise from combine": {
      source: `export const map = (n, t, ctx) => { ctx.emit("a", 1); ctx.emit("a", 2); }; ${reduce} export const combine = () => Promise.resolve(3);`,
      says: [/combine: for key "a" it gave a promise/],
    },
    "returns a list from combine": {
      source: `export const map = (n, t, ctx) => { ctx.emit("a", 1); ctx.emit("a", 2); }; ${reduce} export const combine = (key, values) => values;`,
      says: [/combine: for key "a" it gave an array, but was given none/, /function\*/],
    },
    "has a generator for setup": {
      source: `${map} ${reduce} export function* setup() { yield 1; }`,
      says: [/setup is a generator/],
    },
    "emits a promise": {
      source: `export const map = (n, t, ctx) => ctx.emit("the key", Promise.resolve(1)); ${reduce}`,
      says: [/promise/, /await/],
    },
    "emits a key that is a promise": {
      source: `export const map = (n, t, ctx) => ctx.emit(Promise.resolve("a"), 1); ${reduce}`,
      says: [/key must be a string/, /promise/, /await/],
    },
    "returns promises of pairs": {
      source: `export const map = () => [1, 2].map(async () => ({ key: "a", value: 1 })); ${reduce}`,
      says: [/map returned or yielded a promise/, /await/],
    },
    "emits when map has ended": {
      // The error comes while reduce waits for something that never ends, so it must be noticed elsewhere.
      source: `export const map = (n, t, ctx) => { ctx.emit("a", 1); setTimeout(() => ctx.emit("late", 1), 50); };
        export const reduce = () => new Promise((resolve) => setTimeout(resolve, 100_000));`,
      says: [/map 0 called ctx\.emit after it had ended/, /await/],
    },
    "emits a key that is a number": {
      source: `export const map = (n, t, ctx) => ctx.emit(7, 1); ${reduce}`,
      says: [/key must be a string/, /number 7/],
    },
    "emits a key that is undefined": {
      source: `export const map = () => [{ key: undefined, value: 1 }]; ${reduce}`,
      says: [/key must be a string/, /undefined/],
    },
    "returns a string from map": {
      source: `export const map = () => "a b"; ${reduce}`,
      says: [/map returned string/, /array/],
    },
    "returns an object from map": {
      source: `export const map = () => ({ a: 1 }); ${reduce}`,
      says: [/map returned an object/],
    },
    "returns pairs as arrays": { source: `export const map = () => [["a", 1]]; ${reduce}`, says: [/\{ key, value \}/] },
    "returns a function from reduce": {
      source: `${map} export const reduce = () => () => 1;`,
      says: [/reduce/, /"a"/, /function/],
    },
    "emits a key that is no string from reduce": {
      source: `${map} export const reduce = (key, values, ctx) => ctx.emit(null, 1);`,
      says: [/key must be a string/, /null/],
    },
    "rejects a promise that nobody awaits": {
      source: `export const map = async () => { Promise.reject(new Error("lost rejection")); await new Promise((r) => setTimeout(r, 5000)); }; ${reduce}`,
      says: [/lost rejection/],
    },
    "throws in a callback": {
      source: `export const map = () => new Promise(() => setTimeout(() => { throw new Error("in a timer"); })); ${reduce}`,
      says: [/in a timer/],
    },
  })) {
    test(`says what is wrong when it ${what}`, async ({ place }) => {
      place.write("app.mjs", source);
      // Both ways share the code that checks an app's values; what an app throws must pass through all processes.
      const way = /emits|returns|gives/.test(what) ? "sequential" : "run";
      for (const { stderr } of await failInAllWays(place, "app.mjs", [way])) {
        for (const part of says) expect(stderr).toMatch(part);
        expect(stderr).not.toMatch(/internal error/);
      }
    });
  }

  test("is retried as often as --max-attempts says", async ({ place }) => {
    place.write(
      "app.mjs",
      `import { appendFileSync } from "node:fs";
      export function map(name, text, ctx) { appendFileSync("tries", ctx.attempt + "\\n"); throw new Error("no " + ctx.attempt); }
      ${reduce}`,
    );
    place.write("in.txt", "");
    const ended = await place.run("mr", ["run", "--max-attempts", "3", "app.mjs", "in.txt"]);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toMatch(
      /the job failed: map task 0 \(.*\): Error: no 1\n[^]*\n3 attempts failed; this was the first error/,
    );
    expect(place.read("tries")).toBe("1\n2\n3\n");
    expect(place.files("mr-output")).toEqual(["mr-output/mr-report.json"]);
  });

  test("is retried until it succeeds", async ({ place }) => {
    place.write(
      "app.mjs",
      `export const map = (name, text, ctx) => { if (ctx.attempt < 4) throw new Error("not yet"); ctx.emit("a", ctx.attempt); };
      export const reduce = (key, values, ctx) => { ctx.emit("lost", 1); if (ctx.attempt < 2) throw new Error("nor yet"); return values; };`,
    );
    place.write("in.txt", "");
    const { stderr } = await place.succeed("mr", ["run", "-r", "1", "app.mjs", "in.txt"]);
    expect(place.read("mr-output/mr-out-0")).toBe("lost 1\na [4]\n");
    expect(stderr).toContain("4 attempts tried again");
  });

  for (const [what, end] of Object.entries({
    "its thread": `process.exit(0)`,
    "its process": `process.kill(process.pid, "SIGKILL")`,
  })) {
    const source = `export function map(name, text, ctx) { ctx.emit("a", ctx.attempt); if (ctx.attempt <= Number(ctx.args.times)) ${end}; }
      export const reduce = (key, values) => values;`;

    test(`by ending ${what} in map is tried again, more often than one that throws`, async ({ place }) => {
      place.write("app.mjs", source);
      place.write("in.txt", "");
      await place.succeed("mr", ["run", "-w", "2", "-r", "1", "--arg", "times=6", "app.mjs", "in.txt"]);
      expect(place.read("mr-output/mr-out-0")).toBe("a [7]\n");
    });

    test(`by ending ${what} in map each time fails the job after --max-crashes`, async ({ place }) => {
      place.write("app.mjs", source);
      place.write("in.txt", "");
      const ended = await place.run("mr", ["run", "--max-crashes", "3", "--arg", "times=99", "app.mjs", "in.txt"]);
      expect(ended.code).toBe(1);
      expect(ended.stderr).toMatch(
        /the job failed: map task 0[^]*\nits thread or process ended in 3 attempts, the last time: /,
      );
      expect(place.files("mr-output")).toEqual(["mr-output/mr-report.json"]);
    });
  }

  test("by ending its thread in reduce is retried", async ({ place }) => {
    place.write(
      "app.mjs",
      `${map} export const reduce = (key, values, ctx) => { ctx.emit("lost", 1); if (ctx.attempt < 3) process.exit(1); return ctx.attempt; };`,
    );
    place.write("in.txt", "");
    await place.succeed("mr", ["run", "-r", "1", "app.mjs", "in.txt"]);
    expect(place.read("mr-output/mr-out-0")).toBe("lost 1\na 3\n");
  });

  for (const [what, source] of Object.entries({
    "ends the process while it is loaded": `process.exit(0);`,
    "ends the process in map": `export const map = () => process.exit(0); ${reduce}`,
  })) {
    test(`does not look like success to mr sequential when it ${what}`, async ({ place }) => {
      place.write("app.mjs", source);
      const [{ stderr }] = (await failInAllWays(place, "app.mjs", ["sequential"])) as [Ended];
      expect(stderr).toContain("mr sequential: the app ended the process");
    });
  }

  test.for([
    [
      "throws in a callback",
      `throw new Error("late")`,
      /mr sequential: the app threw after the job was done: Error: late\n/,
    ],
    [
      "ends the process",
      "process.exit(3)",
      /ended the process .*: the job was done, and its whole output is in mr-output\n/,
    ],
  ] as const)("is success to mr sequential when it %s and the output is there", async ([, late, says], { place }) => {
    place.write(
      "app.mjs",
      `import { existsSync } from "node:fs";
      export function map(file, text, ctx) {
        ctx.emit("a", 1);
        const timer = setInterval(() => {
          if (!existsSync("mr-output/mr-manifest.json")) return;
          clearInterval(timer);
          ${late};
        });
      }
      export const reduce = () => 1;`,
    );
    place.write("in.txt", "");
    const { stderr } = await place.succeed("mr", ["sequential", "-r", "1", "app.mjs", "in.txt"]);
    expect(stderr).toMatch(says);
    expect(stderr).not.toContain("there is no output");
    expect(place.files("mr-output")).toEqual(["mr-output/mr-manifest.json", "mr-output/mr-out-0"]);
  });

  test("fails a worker of a coordinator, too, and the coordinator says why", async ({ place }) => {
    place.write("app.mjs", thrower);
    place.write("in.txt", "");
    const worker = place.start("mr-worker", ["--quiet", "app.mjs"]);
    const ended = await place.run("mr-coordinator", ["in.txt"]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(
      /mr-coordinator: the job failed: map task 0 \(in\.txt\): RangeError: cannot map in\.txt\n[^]*\n4 attempts failed; this was the first error/,
    );
    expect(ended.stderr).toMatch(/app\.mjs:5:/);
    const { code, stderr } = await worker.exit();
    expect([code, stderr]).toEqual([1, expect.stringMatching(/mr-worker: the job failed or was stopped\n$/)]);
    expect(place.files()).toEqual(["app.mjs", "in.txt", "mr-report.json"]);
  });

  test("shows its whole stack with --debug", async ({ place }) => {
    place.write("app.mjs", thrower);
    place.write("in.txt", "");
    for (const command of ["run", "sequential"]) {
      const { code, stderr } = await place.run("mr", [command, "--debug", "app.mjs", "in.txt"]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/at check .*app\.mjs:5:/);
      expect(stderr).toMatch(/dist\/src\//);
    }
  });

  test("shows its own frames wherever it is", async ({ place }) => {
    place.write("mapreduce-ts/dist/src/app.mjs", thrower);
    place.write("in.txt", "");
    for (const command of ["run", "sequential"]) {
      const { stderr } = await place.run("mr", [command, "mapreduce-ts/dist/src/app.mjs", "in.txt"]);
      expect(stderr).toMatch(/at check .*app\.mjs:5:/);
      expect(stderr).not.toMatch(/dist\/src\/worker|commander/);
    }
  });
});

/** Runs a job that must fail, and must leave neither output nor output directory, nor touch what is there. */
async function failInAllWays(place: Place, app: string, ways = ["run", "sequential"]): Promise<Ended[]> {
  place.write("in.txt", "text");
  place.write("kept/mr-out-0", "of an earlier job\n");
  place.write("kept/notes.txt", "the user's own\n");
  const given = { run: ["run", "-w", "1", "-o", "out/deep"], sequential: ["sequential", "-o", "kept"] };
  const ended = await Promise.all(
    ways.map((way) => place.run("mr", [...given[way as keyof typeof given], app, "in.txt"])),
  );
  for (const { code, stdout, stderr } of ended)
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr });
  const reports = ways.includes("run") ? ["out/deep/mr-report.json"] : [];
  expect(place.files()).toEqual([app, "in.txt", "kept/mr-out-0", "kept/notes.txt", ...reports].sort());
  expect(place.read("kept/mr-out-0")).toBe("of an earlier job\n");
  return ended;
}
