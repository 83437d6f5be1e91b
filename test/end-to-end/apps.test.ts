import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { inByteOrder, sortedOutput } from "./oracle.js";
import { linesOf, root, test, type Place } from "./programs.js";

const twoPairs = [
  { key: "a", value: "1" },
  { key: "b", value: "2" },
];

describe.concurrent("an app", () => {
  for (const [what, map] of Object.entries({
    "returns an array": `function map() { return ${JSON.stringify(twoPairs)}; }`,
    "is a generator": `function* map() { yield* ${JSON.stringify(twoPairs)}; }`,
    "is an asynchronous generator": `async function* map() { await null; yield* ${JSON.stringify(twoPairs)}; }`,
    "returns a promise of an array": `async function map() { return ${JSON.stringify(twoPairs)}; }`,
    "returns a promise of a generator": `async function map() { return (function* () { yield* ${JSON.stringify(twoPairs)}; })(); }`,
    "calls ctx.emit": `function map(name, text, ctx) { ctx.emit("b", "2"); ctx.emit("a", "1"); }`,
    "calls an emit that it took out of the context": `function map(name, text, { emit }) { emit("a", "1"); emit("b", "2"); }`,
    "calls ctx.emit later": `async function map(name, text, ctx) { await new Promise(setImmediate); ctx.emit("a", "1"); ctx.emit("b", "2"); }`,
    "calls ctx.emit and returns pairs": `function map(name, text, ctx) { ctx.emit("a", "1"); return [{ key: "b", value: "2" }]; }`,
  })) {
    test(`gives the same pairs when its map ${what}`, async ({ place }) => {
      place.write("app.mjs", `export ${map}\nexport function reduce(key, values) { return values.join(); }`);
      expect(await answer(place, "app.mjs", { ways: [wayFor(what)] })).toEqual(["a 1", "b 2"]);
    });
  }

  for (const [what, { reduce, expected }] of Object.entries({
    "returns a string": { reduce: `reduce(key, values) { return values.join("+"); }`, expected: ["a 1+2+2", "b 3"] },
    "returns a promise": {
      reduce: `async reduce(key, values) { await null; return values.length; }`,
      expected: ["a 3", "b 1"],
    },
    "returns nothing for some keys": { reduce: `reduce(key) { if (key === "b") return "x"; }`, expected: ["b x"] },
    "returns an empty string": { reduce: `reduce() { return ""; }`, expected: ["a", "b"] },
    "returns JSON": {
      reduce: `reduce(key, values) { return { n: values.length, list: [null, true] }; }`,
      expected: [`a {"n":3,"list":[null,true]}`, `b {"n":1,"list":[null,true]}`],
    },
    "returns null, false and 0": {
      reduce: `reduce(key) { return key === "a" ? null : 0; }`,
      expected: ["a null", "b 0"],
    },
    "calls ctx.emit several times": {
      reduce: `reduce(key, values, ctx) { for (const value of values) ctx.emit(key + value, key); }`,
      expected: ["a1 a", "a2 a", "a2 a", "b3 b"],
    },
    "calls ctx.emit and returns a value": {
      reduce: `async reduce(key, values, ctx) { ctx.emit("n", values.length); await null; return key; }`,
      expected: ["a a", "b b", "n 1", "n 3"],
    },
    "is a reduceStream": {
      reduce: `reduceStream(key, values) { let all = ""; for (const value of values) all += value; return all; }`,
      expected: ["a 122", "b 3"],
    },
    "is a reduceStream that stops early": {
      reduce: `reduceStream(key, values) { for (const value of values) return value; }`,
      expected: ["a 1", "b 3"],
    },
    "is a reduceStream that reads nothing": {
      reduce: `async reduceStream(key, values) { return key; }`,
      expected: ["a a", "b b"],
    },
  })) {
    test(`gives the right lines when its reduce ${what}`, async ({ place }) => {
      const map = `map(name, text, ctx) { for (const [k, v] of ["a1", "a2", "b3", "a2"]) ctx.emit(k, v); }`;
      place.write("app.mjs", `export default { ${map},\n ${reduce} };`);
      expect(await answer(place, "app.mjs", { ways: [wayFor(what)] })).toEqual(expected);
    });
  }

  const exported = `export function map(name, text, ctx) { for (const c of text) ctx.emit(c, name); }
    export function reduce(key, values) { return values.length; }`;
  const typed = (more: string) => `import type { KeyValue, ReduceContext } from "mapreduce-ts";
    ${more}
    export function* map(name: string, text: string): Generator<KeyValue> {
      for (const key of text) yield { key, value: name } satisfies KeyValue;
    }
    export const reduce = (key: string, values: string[], _ctx: ReduceContext): number => <number>values.length;`;
  for (const [name, source] of Object.entries({
    "app.js": exported,
    "app.mjs": exported,
    "app.cjs": `const fs = require("fs"); module.exports = {
      map(name, text, ctx) { for (const c of text) ctx.emit(c, name); },
      reduce(key, values) { return values.length; } };`,
    "exports.cjs": `exports.map = (name, text, ctx) => { for (const c of text) ctx.emit(c, name); };
      exports.reduce = (key, values) => values.length;`,
    "app.ts": typed(""),
    "app.mts": typed("").replace("<number>", ""),
    "with-enum.ts": typed("enum Colour { Red = 1 }\nconsole.assert(Colour.Red === 1);"),
    "default.js": `class App { one = 1; map(name, text, ctx) { for (const c of text) ctx.emit(c, this.one); }
      reduce(key, values) { return this.sum(values); } sum(values) { return values.reduce((a, b) => a + b); } }
      export default new App();`,
    "default.ts": `import type { App } from "mapreduce-ts";
      const app: App<number> = { map: (name, text) => [...text].map((key) => ({ key, value: 1 })), reduce: (_, all) => all.length };
      export default app;`,
    "sub dir/ünï 'app' #1?.mjs": exported,
    "-app.mjs": exported,
  })) {
    test(`may be the module ${name}`, async ({ place }) => {
      place.write(name, source);
      expect(await answer(place, name, { text: "abca" })).toEqual(["a 2", "b 1", "c 1"]);
    });
  }

  test("may import the package and modules of its own, in TypeScript", async ({ place }) => {
    mkdirSync(join(place.directory, "node_modules"));
    symlinkSync(root, join(place.directory, "node_modules/mapreduce-ts"));
    place.write("count.ts", "export const count = (values: readonly unknown[]): number => values.length;");
    place.write(
      "app.ts",
      `import { defineApp, words } from "mapreduce-ts";
      import { count } from "./count.js";
      export default defineApp({
        map: (_name, text, ctx) => words(text, (word) => ctx.emit(word, "1")),
        reduce: (_word, ones) => count(ones),
      });`,
    );
    expect(await answer(place, "app.ts", { text: "to be or to" })).toEqual(["be 1", "or 1", "to 2"]);
  });

  for (const name of ["wc", "wc.js", "wc.ts"]) {
    test(`is found by its name when it is bundled: ${name}`, async ({ place }) => {
      mkdirSync(join(place.directory, "wc"));
      expect(await answer(place, name, { text: "to be to" })).toEqual(["be 1", "to 2"]);
    });
  }

  test("of the user's own wins over a bundled one of the same name", async ({ place }) => {
    place.write("wc.js", `export const map = () => [{ key: "mine", value: 1 }]; export const reduce = () => "yes";`);
    expect(await answer(place, "wc.js")).toEqual(["mine yes"]);
  });

  test("has its values folded by combine, and gives the same answer", async ({ place }) => {
    place.write(
      "app.mjs",
      `export function map(name, text, ctx) { [...text].forEach((c, n) => ctx.emit(c, n)); }
      export function combine(key, values) { return values.reduce((a, b) => a + b, 0); }
      export function reduce(key, values) { return values.reduce((a, b) => a + b, 0) + " of " + values.length; }`,
    );
    place.write("other.txt", "ab");
    expect(await answer(place, "app.mjs", { text: "aaab", others: ["other.txt"] })).toEqual(["a 3 of 2", "b 4 of 2"]);
  });

  test("chooses the partition of each key with partition", async ({ place }) => {
    place.write(
      "app.mjs",
      `export const map = (name, text) => [...text].map((key) => ({ key, value: 1 }));
      export const partition = (key, reducers) => (key.charCodeAt(0) - 97) % reducers;
      export const reduce = (key, values, ctx) => ctx.task;`,
    );
    await place.succeed("mr", ["run", "app.mjs", "-w", "1", "-r", "3", place.write("in", "abcdefg")]);
    const outputs = [0, 1, 2].map((n) => place.read(`mr-output/mr-out-${n}`));
    expect(outputs).toEqual(["a 0\nd 0\ng 0\n", "b 1\ne 1\n", "c 2\nf 2\n"]);
  });

  test("gets its arguments and its file, and counts; its log and its counters are shown", async ({ place }) => {
    place.write(
      "app.mjs",
      `export function map(key, text, ctx) {
        ctx.counter("maps").add(); ctx.counter("__proto__").add(2.5); ctx.log("mapping " + key);
        ctx.emit("m", JSON.stringify([key, ctx.filename, ctx.offset, ctx.args, ctx.attempt, ctx.signal.aborted]));
      }
      export const reduce = (key, values, ctx) => values + JSON.stringify([ctx.args, ctx.attempt]);`,
    );
    const input = place.write("./in.txt", "");
    const args = { a: "1", "b.c": "x=y z", empty: "" };
    const given = ["--arg", "a=0", "--arg", "a=1", "--arg", "b.c=x=y z", "--arg", "empty="];
    for (const command of ["run", "sequential"]) {
      const { stderr, stdout } = await place.succeed("mr", [command, "app.mjs", input, ...given]);
      expect(sortedOutput(join(place.directory, "mr-output"))).toEqual([
        `m ${JSON.stringify([input, input, 0, args, 1, false])}${JSON.stringify([args, 1])}`,
      ]);
      expect(stderr).toMatch(/mapping .*in\.txt/);
      expect(stderr).toContain("maps = 1");
      expect(stderr).toContain("__proto__ = 2.5");
      expect(stdout).toBe("");
    }
  });

  test("gets hostile keys as it emitted them, in the order of their UTF-8 bytes", async ({ place }) => {
    const keys = hostileKeys();
    place.write("keys.json", JSON.stringify(keys));
    place.write(
      "app.mjs",
      `export const map = (name, text, ctx) => { for (const key of JSON.parse(text)) { ctx.emit(key, key); ctx.emit(key, 1); } };
      export const reduce = (key, values, ctx) => ctx.emit(JSON.stringify(key), JSON.stringify(values));`,
    );
    // UTF-8 cannot express a lone surrogate; ordered by code points, it is where its three bytes would be.
    const bytesOf = (key: string) => Buffer.concat(Array.from(key, (c) => codePointBytes(c.codePointAt(0) ?? 0)));
    const sorted = keys.map((key) => ({ key, bytes: bytesOf(key) })).sort((a, b) => Buffer.compare(a.bytes, b.bytes));
    const expected = sorted.map(({ key }) => `${JSON.stringify(key)} ${JSON.stringify([key, 1])}`);
    for (const command of ["run", "sequential"]) {
      await place.succeed("mr", [command, "app.mjs", "-r", "1", "keys.json"]);
      expect(linesOf(place.read("mr-output/mr-out-0"))).toEqual(expected);
    }
    await place.succeed("mr", ["run", "app.mjs", "-r", "7", "keys.json"]);
    expect(sortedOutput(join(place.directory, "mr-output"))).toEqual(inByteOrder(expected));
  });

  test("gets values of all JSON kinds as it emitted them, in the order in which it did", async ({ place }) => {
    const values: unknown[] = [
      ...["", "1", 1, -0.5, 1e300, 5e-324, 2 ** 53, null, true, false, [], {}, [[]], [null], ["1"], { "": { a: [1] } }],
      ...["\0\n\u2028\ud800", "x".repeat(100_000), 1, 1, 1, "1", "1", { constructor: 1 }, [1, [2, [3]]], null, null, 0],
    ];
    place.write("values.json", JSON.stringify(values));
    place.write("proto.json", `[{"__proto__": 1}]`);
    place.write(
      "app.mjs",
      `export const map = (name, text, ctx) => { for (const value of JSON.parse(text)) ctx.emit(name, value); };
      export const reduce = (key, values) => values;`,
    );
    await place.succeed("mr", ["run", "app.mjs", "-r", "1", "values.json", "proto.json"]);
    const expected = [`proto.json [{"__proto__":1}]`, `values.json ${JSON.stringify(values)}`];
    expect(linesOf(place.read("mr-output/mr-out-0"))).toEqual(expected);
  });
});

/** Both ways use the same code to call an app; only asynchronous results could differ. */
function wayFor(what: string): string {
  return /promise|asynchronous|later/.test(what) ? "run" : "sequential";
}

/** Runs an app over an input, with workers and in one process, and returns the lines that both gave. */
async function answer(
  place: Place,
  app: string,
  { text = "text", others = [] as string[], ways = ["run", "sequential"] } = {},
): Promise<string[]> {
  const input = place.write("input.txt", text);
  const given = ["-r", "2", "--", app, input, ...others];
  const run = (way: string) => [way, ...(way === "run" ? ["-w", "1"] : []), "-o", way, ...given];
  const ended = await Promise.all(ways.map((way) => place.succeed("mr", run(way))));
  for (const { stderr } of ended) expect(stderr).not.toMatch(/warning/i);
  const [first = [], ...rest] = ways.map((way) => sortedOutput(join(place.directory, way)));
  for (const lines of rest) expect(lines).toEqual(first);
  return first;
}

function hostileKeys(): string[] {
  const texts = [
    "",
    " ",
    "  ",
    "the",
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "then",
    "0",
    "-1",
    "NaN",
  ];
  const punctuation = ['"', "'", "\\", "\\n", "\n", "\r\n", "\t", "\0", "a\0b", "[", "]", '["a",[1]]', "{}", "\u007f"];
  const beyond = ["é", "e\u0301", "\u0080", "\u07ff", "\u0800", "\u2028", "\u2029", "\ufeff", "\ufffd", "\uffff", "😀"];
  const surrogates = [
    "\ud800",
    "\udbff",
    "\udc00",
    "\udfff",
    "\udc00\ud800",
    "a\ud83d",
    "\ud83d\ud83d\ude00",
    "\u{10ffff}",
  ];
  const long = ["x".repeat(70_000), "ä".repeat(70_000), `${"x".repeat(70_000)}y`];
  return [...texts, ...punctuation, ...beyond, ...surrogates, "\ue000", "\u{10000}", ...long];
}

/** UTF-8 as if it supported surrogates. */
function codePointBytes(c: number): Buffer {
  if (c < 0x80) return Buffer.from([c]);
  if (c < 0x800) return Buffer.from([0xc0 | (c >> 6), 0x80 | (c & 63)]);
  if (c < 0x10000) return Buffer.from([0xe0 | (c >> 12), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63)]);
  return Buffer.from([0xf0 | (c >> 18), 0x80 | ((c >> 12) & 63), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63)]);
}
