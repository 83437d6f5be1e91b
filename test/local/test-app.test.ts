import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflate, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as indexer from "../../apps/indexer.js";
import * as wc from "../../apps/wc.js";
import { findInputs } from "../../src/input/files.js";
import { defineApp, testApp, words, type App, type HookContext, type MapContext } from "../../src/index.js";
import { runSequentially } from "../../src/local/sequential.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { xzOf } from "../support/xz-file.js";

const temporary = useTemporaryDirectory();

/** The directory for temporary files of the test, where nothing may be left. */
let place = "";
beforeEach(() => {
  place = mkdtempSync(`${temporary.newDirectory()}/`);
  vi.stubEnv("TMPDIR", place);
  // A sequential job, which one test compares with, loads an app in TypeScript, for which Node.js keeps a cache there.
  vi.stubEnv("NODE_DISABLE_COMPILE_CACHE", "1");
});
afterEach(() => {
  vi.unstubAllEnvs();
  expect(readdirSync(place)).toEqual([]);
});

const counting = defineApp<number>({
  map: (_, text, ctx) => words(text, (word) => ctx.emit(word, 1)),
  reduce: (_, ones) => ones.length,
});

/** An app that uses everything. */
function appWithAll(): App<number> {
  let counts = new Map<string, number>();
  return {
    input: "lines",
    setup(ctx: HookContext<number>) {
      counts = new Map();
      ctx.counter(`${ctx.kind} attempts`).add();
    },
    map(file, line, ctx) {
      if (line.startsWith("#")) ctx.sideFile("comments").write(`${file}:${ctx.offset} ${line}\n`);
      else counts.set(line, (counts.get(line) ?? 0) + Number(ctx.args["weight"] ?? 1));
    },
    teardown(ctx) {
      if (ctx.kind === "map") for (const [line, count] of counts) ctx.emit(line, count);
      else ctx.emit("end", ctx.task);
    },
    combine: (_, sums) => sums.reduce((sum, n) => sum + n),
    partition: (line, reducers) => line.length % reducers,
    reduceStream(_, sums) {
      let total = 0;
      for (const sum of sums) total += sum;
      return total;
    },
  };
}

describe("testApp", () => {
  it("returns what reduce returns, in key order", async () => {
    const { outputs } = await testApp(counting, ["b a\nb", "", "é b"]);
    expect(outputs).toEqual([
      { key: "a", value: 1 },
      { key: "b", value: 3 },
      { key: "é", value: 1 },
    ]);
    expect(await testApp(counting, [])).toEqual({
      outputs: [],
      partitions: [[]],
      counters: {},
      sideFiles: {},
      warnings: [],
    });
  });

  it("supports everything an app can use in a job", async () => {
    const inputs = { "x.txt": "a\r\nbb\n# no\na", ["__proto__"]: "bb\nbb" };
    const result = await testApp(appWithAll(), inputs, { reducers: 2, args: { weight: "10" } });
    expect(result.partitions).toEqual([
      [
        { key: "bb", value: 30 },
        { key: "end", value: 0 },
      ],
      [
        { key: "a", value: 20 },
        { key: "end", value: 1 },
      ],
    ]);
    expect(result.outputs).toEqual(result.partitions.flat());
    expect(result.counters).toEqual({ "map attempts": Object.keys(inputs).length, "reduce attempts": 2 });
    expect(result.sideFiles).toEqual({ "mr-side-map-0-comments": "x.txt:6 # no\n" });
  });

  it("cuts inputs into splits on request, and names unnamed inputs", async () => {
    const app = defineApp<number>({
      input: "lines",
      map: (file, line, ctx) => ctx.emit(`${file} ${line}`, ctx.task),
      reduce: (_, tasks) => tasks,
    });
    const { outputs } = await testApp(app, ["a\nb\nc\n", "d"], { splitBytes: 3 });
    expect(outputs.map(({ key }) => key)).toEqual(["input-0 a", "input-0 b", "input-0 c", "input-1 d"]);
    expect(outputs.map(({ value }) => value)).toEqual([[0], [0], [1], [2]]);
  });

  it("decompresses inputs as a job does, wherever they are named", async () => {
    const app = defineApp<number>({
      input: "lines",
      map: (file, line, ctx) => ctx.emit(`${file} ${line}`, 1),
      reduce: (_, ones) => ones.length,
    });
    const inputs = { "a.gz": gzipSync("one\n"), "b.xz": xzOf("two\n"), c: Buffer.concat([xzOf("x\n"), xzOf("x\n")]) };
    const { outputs } = await testApp(app, inputs);
    expect(outputs).toEqual([
      { key: "a.gz one", value: 1 },
      { key: "b.xz two", value: 1 },
      { key: "c x", value: 2 },
    ]);
  });

  it("returns values as they would be read, and refuses what cannot be written", async () => {
    const app = (value: unknown) =>
      defineApp({ map: (_, __, ctx) => ctx.emit("k", "v"), reduce: () => value as string });
    expect((await testApp(app(new Date(0)), [""])).outputs).toEqual([{ key: "k", value: "1970-01-01T00:00:00.000Z" }]);
    await expect(testApp(app(NaN), [""])).rejects.toThrow(/JSON cannot hold the value of key "k"/);
  });

  it("rejects when the app emits, counts or writes after map or reduce has returned, without harming anything else", async () => {
    const late = (use: (ctx: MapContext<number>) => void, ms: number): App<number> => ({
      map: (_, __, ctx) => void setTimeout(() => use(ctx), ms),
      reduce: (_, ones) => ones.length,
    });
    await expect(
      testApp(
        late((ctx) => ctx.emit("k", 1), 30),
        ["a"],
      ),
    ).rejects.toThrow("map 0 called ctx.emit after it had ended (is an `await` missing?)");
    await expect(
      testApp(
        late((ctx) => ctx.counter("n").add(), 5),
        ["a"],
      ),
    ).rejects.toThrow(/add of a counter after/);
    await expect(
      testApp(
        late((ctx) => ctx.sideFile("f").write(""), 5),
        ["a"],
      ),
    ).rejects.toThrow(/ctx\.sideFile after/);
    await expect(
      testApp(
        late((ctx) => ctx.emit("k", 1), 600_000),
        ["a"],
      ),
    ).rejects.toThrow(/map 0 has ended, and work that it started goes on \(a timer\); await it/);
    const lateReduce: App<number> = {
      map: (_, __, ctx) => ctx.emit("k", 1),
      reduce: (key, ones, ctx) => void setImmediate(() => ctx.emit(key, ones.length)),
    };
    await expect(testApp(lateReduce, ["a"])).rejects.toThrow(/^reduce 0 called ctx\.emit after it had ended/);
    const zipping: App<number> = {
      map: (_, text, ctx) => deflate(text.repeat(1_000_000), () => ctx.emit("k", 1)),
      reduce: (_, ones) => ones.length,
    };
    await expect(testApp(zipping, ["a"])).rejects.toThrow(/ctx\.emit after it had ended/);
  });

  it("allows a timer that cannot emit, such as in a race, and state kept for the next attempt", async () => {
    let kept: NodeJS.Timeout | undefined;
    const racing: App<number> = {
      setup() {
        kept ??= setInterval(() => undefined, 1000);
      },
      async map(_, text, ctx) {
        const timeOut = new Promise((_resolve, reject) => setTimeout(reject, 600_000));
        await Promise.race([new Promise((resolve) => setTimeout(resolve, 1)), timeOut]);
        ctx.emit(text, 1);
      },
      reduce: (_, ones) => ones.length,
    };
    try {
      await expect(testApp(racing, ["a", "a"])).resolves.toMatchObject({ outputs: [{ key: "a", value: 2 }] });
    } finally {
      clearInterval(kept);
    }
  });

  it("rejects with the app's own error", async () => {
    const failing = { ...counting, reduce: () => Promise.reject(new RangeError("too many")) };
    await expect(testApp(failing, ["a"])).rejects.toThrow(new RangeError("too many"));
    await expect(testApp({ reduce: () => 1 }, ["a"])).rejects.toThrow("app under test exports no function map");
  });

  it.each([
    [{ reducers: NaN }, "reducers must be a whole number, 0 or more, not NaN"],
    [{ reducers: 1.5 }, "reducers must be a whole number, 0 or more, not 1.5"],
    [{ reducers: -1 }, "reducers must be a whole number, 0 or more, not -1"],
    [{ reducers: "2" as unknown as number }, "reducers must be a whole number, 0 or more, not '2'"],
    [{ splitBytes: 0 }, "splitBytes must be a whole number, 1 or more, not 0"],
    [{ splitBytes: NaN }, "splitBytes must be a whole number, 1 or more, not NaN"],
  ])("refuses %o, and does not give an empty result for it", async (options, message) => {
    await expect(testApp(counting, ["a"], options)).rejects.toThrow(message);
  });

  it("refuses whatever a job would be refused for", async () => {
    const app = defineApp<number>({ map: (name, _, ctx) => ctx.emit(name, 1) });
    await expect(testApp(app, [""], { reducers: 1 })).rejects.toThrow(/exports no function reduce; .* reducers: 0/);
  });

  it("returns what map emits when the app has no reduce, in input order", async () => {
    const app = defineApp<number>({ map: (name, _, ctx) => ctx.emit(name, 1) });
    expect((await testApp(app, ["", ""])).partitions).toEqual([
      [{ key: "input-0", value: 1 }],
      [{ key: "input-1", value: 1 }],
    ]);
  });

  it("runs the steps of a pipeline, and returns the output of the last", async () => {
    const often = defineApp<string, number>({
      input: "pairs",
      map(word, count, ctx) {
        ctx.counter("words").add();
        ctx.sideFile("words").write(`${word}\n`);
        ctx.emit(String(count), word);
      },
      reduce: (_, words) => words.sort(),
    });
    const steps = [
      counting,
      often,
      {
        ...often,
        reducers: 2,
        map: (count: string, words: string[], ctx: MapContext) => ctx.emit(count, words.join()),
      },
    ];
    const result = await testApp({ steps }, ["b a\nb", "c"]);
    expect(result.outputs).toEqual([
      { key: "1", value: ["a,c"] },
      { key: "2", value: ["b"] },
    ]);
    expect(result).toMatchObject({ counters: { words: 3 }, partitions: [[], [{ key: "1" }, { key: "2" }]] });
    expect(result.sideFiles).toEqual({ "mr-step-2/mr-side-map-0-words": "a\nb\nc\n" });
  });

  it("lets the app read its files", async () => {
    const path = temporary.newPath();
    writeFileSync(path, "stop");
    const app = defineApp({
      map: (_, __, ctx) => ctx.emit("k", readFileSync(ctx.file("words"), "utf8")),
      reduce: (_, values: string[]) => values,
    });
    expect((await testApp(app, [""], { files: { words: path } })).outputs).toEqual([{ key: "k", value: ["stop"] }]);
  });

  it.each([
    ["wc", wc],
    ["indexer", indexer],
  ] as const)("gives what a job of %s gives", async (name, module) => {
    const texts = { a: "the whale\nthe sea\n", b: "a whale, the whale" };
    const directory = temporary.newDirectory();
    for (const [file, text] of Object.entries(texts)) writeFileSync(join(directory, file), text);
    const inputs = findInputs(Object.keys(texts).map((file) => join(directory, file)));
    const report = await runSequentially({
      app: { name, path: join(import.meta.dirname, `../../apps/${name}.ts`), hash: "" },
      inputs: inputs.map((input, index) => ({ ...input, name: Object.keys(texts)[index] ?? "" })),
      ...{
        reducers: 3,
        splitBytes: 2 ** 20,
        groupBytes: 0,
        collectorBytes: 2 ** 20,
        args: {},
        files: [],
        output: {},
        engineVersion: "0",
        warn: () => undefined,
        partitioner: "hash" as const,
      },
      outputDirectory: join(directory, "out"),
    });
    const { partitions } = await testApp(module as App, texts, { reducers: 3 });
    const lines = partitions.map((pairs) =>
      pairs.map(({ key, value }) => `${key} ${typeof value === "string" ? value : JSON.stringify(value)}\n`).join(""),
    );
    expect(lines).toEqual(report.outputs.map((file) => readFileSync(join(directory, "out", file), "utf8")));
  });
});

describe("testApp with an app that declares inputs", () => {
  const app = defineApp({
    inputs: { orders: "jsonl", customers: "csv", rates: "pairs" },
    map: {
      orders: (file, order: { id: string }, ctx) => ctx.emit(order.id, `${file} ${ctx.filename}:${ctx.offset}`),
      customers: (_, row: Record<string, string>) => [{ key: row["id"] ?? "", value: row["name"] ?? "" }],
      rates: async (key, rate: number, ctx) => {
        await Promise.resolve();
        ctx.counter("rates").add();
        ctx.emit(key, String(rate));
      },
    },
    sortValues: true,
    reduce: (_, values) => values.join(", "),
  });
  const rates = ['{"key":"a","value":5}\n'];

  it("takes the files of each input", async () => {
    const customers = { "c.csv": 'id,name\na,"Ann, A."\nb,Bob\n', "more.gz": gzipSync("id,name\nc,Cid\n") };
    const orders = ['{"id":"a"}\n{"id":"b"}', '{"id":"a"}'];
    for (const splitBytes of [1, undefined]) {
      const given = splitBytes === undefined ? {} : { splitBytes };
      const { outputs, counters } = await testApp(app, { orders, customers, rates }, given);
      expect(outputs).toEqual([
        { key: "a", value: "5, Ann, A., input-0 input-0:0, input-1 input-1:0" },
        { key: "b", value: "Bob, input-0 input-0:11" },
        { key: "c", value: "Cid" },
      ]);
      expect(counters).toEqual({ rates: 1 });
    }
  });

  it("may have it as the first step of a pipeline", async () => {
    const count = defineApp<number, string>({
      input: "pairs",
      map: (_, text) => [{ key: "letters", value: text.length }],
      reduce: (_, ns) => ns,
    });
    const given = { orders: ['{"id":"a"}'], customers: ["id,name\n"], rates };
    const { outputs } = await testApp({ steps: [app, count] }, given);
    expect(outputs).toEqual([{ key: "letters", value: ["5, input-0 input-0:0".length] }]);
  });

  it("says what to give when the inputs do not fit the app", async () => {
    await expect(testApp(app, ["x"])).rejects.toThrow("the app declares inputs, so give the files of each");
    await expect(testApp(app, { orders: "x" })).rejects.toThrow("the app declares inputs, so give the files of each");
    await expect(testApp(app, { orders: ["x"], rates })).rejects.toThrow("there is no file for the input customers");
    await expect(testApp(app, { orders: ["x"], rates, customers: ["x"], other: [""] })).rejects.toThrow(
      "has no input other",
    );
    await expect(testApp(counting, { orders: ["x"] })).rejects.toThrow(
      "the app declares no inputs, so give file contents",
    );
  });
});

describe("testApp with a step that reads the counters of earlier steps", () => {
  const count = defineApp<number>({
    input: "lines",
    map: (_, line, ctx) => {
      ctx.counter("lines").add();
      ctx.counter("toString").add();
      ctx.emit(line, 1);
    },
    reduce: (_, ones, ctx) => {
      ctx.counter("lines").add(100);
      return ones.length;
    },
  });
  const share = defineApp<number, number>({
    input: "pairs",
    map: (line, n, ctx) => [{ key: line, value: n / (ctx.earlierCounters[0]?.["lines"] ?? NaN) }],
    reduce: (_, [n], ctx) => [n ?? 0, ...ctx.earlierCounters.map((counters) => Object.keys(counters).join(" "))],
  });

  it("gives it the totals of each of them", async () => {
    const { outputs } = await testApp({ steps: [count, share] }, ["a\nb\n", "a\n"]);
    expect(outputs).toEqual([
      { key: "a", value: [2 / 203, "lines toString"] },
      { key: "b", value: [1 / 203, "lines toString"] },
    ]);
  });

  it("gives a step under test alone those that the test says", async () => {
    const pairs = ['{"key":"a","value":3}'];
    const { outputs } = await testApp(share, pairs, { earlierCounters: [{ lines: 4 }] });
    expect(outputs).toEqual([{ key: "a", value: [0.75, "lines"] }]);
  });

  it("gives the first step none, and names that no counter has are missing", async () => {
    const seen: unknown[] = [];
    const first = defineApp({
      setup: (ctx) => void seen.push(ctx.earlierCounters),
      map: (_, text) => [{ key: text, value: text }],
      reduce: (_, [text]) => text,
    });
    const second = defineApp<string, string>({
      input: "pairs",
      setup: ({ earlierCounters: [counters] }) => void seen.push(counters?.["constructor"]),
      map: (key, value) => [{ key, value }],
      reduce: (_, [text]) => text,
    });
    await testApp({ steps: [first, second] }, ["x"]);
    expect(seen).toEqual([[], [], undefined, undefined]);
  });
});
