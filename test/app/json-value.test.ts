import fc from "fast-check";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { jsonText, requireStringKey, requireValue, shownKey } from "../../src/app/given.js";
import { jsonValue } from "../shuffle/hostile-data.js";

class Point {
  readonly x: number;
  readonly y: number;

  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
}
class Hidden {
  readonly #n = 1;
  get n(): number {
    return this.#n;
  }
}
class Itself {
  readonly n = 1;
  toJSON(): this {
    return this;
  }
}
const cycle: { list: unknown[] } = { list: [0] };
cycle.list.push({ again: cycle });
const hostile = {
  toJSON() {
    throw new Error("no thanks\nat all");
  },
};
const generator = function* () {
  yield 1;
};
const asyncGenerator = async function* () {
  yield await Promise.resolve(1);
};
let deep: unknown = 1;
for (let depth = 0; depth < 100_000; depth++) deep = [deep];

/** Values that cannot travel, their place in the whole value, and the message about them. */
const refused: [string, unknown, RegExp][] = [
  ["undefined", undefined, /value is undefined; use null$/],
  ["NaN", NaN, /value is NaN; use null, or the string "NaN"$/],
  ["-Infinity", -Infinity, /value is -Infinity; use null/],
  ["a function", () => 1, /value is a function; call it/],
  ["a symbol", Symbol("s"), /value is a symbol; use a string/],
  ["a promise", Promise.resolve(1), /value is a promise; is an `await` missing\?/],
  ["another thenable", Object.assign(new Point(1, 2), { then: () => 1 }), /value is a promise/],
  ["a Map", new Map([["a", 1]]), /value is a Map; use Object\.fromEntries\(map\), or \[\.\.\.map\]/],
  ["a Set", new Set([1]), /value is a Set; use \[\.\.\.set\]/],
  ["a subclass of Map", new (class Counts extends Map<string, number> {})(), /value is a Map/],
  ["a WeakMap", new WeakMap(), /value is a WeakMap, which cannot be listed/],
  ["an Error", new TypeError("x"), /value is a TypeError; use its message, or throw it/],
  ["an Error with fields", Object.assign(new Error("x"), { code: 1 }), /value is an Error; use its message/],
  ["a RegExp", /x/, /value is a RegExp; use its source/],
  ["a Buffer", Buffer.from("x"), /value is a Buffer; use its toString\(\), or toString\("base64"\)/],
  ["a typed array", Float64Array.of(1), /value is a Float64Array; use an array: \[\.\.\.it\]/],
  ["an ArrayBuffer", new ArrayBuffer(1), /value is an ArrayBuffer; use an array/],
  ["a boxed number", Object(1), /value is a Number object; use its valueOf\(\)/],
  ["a boxed bigint", Object(1n), /value is a BigInt object; use its valueOf\(\)/],
  ["an invalid date", new Date(NaN), /value is an invalid date; use null/],
  ["a generator", generator(), /value is an iterator or a generator; use an array: \[\.\.\.iterator\]/],
  ["an asynchronous generator", asyncGenerator(), /value is an asynchronous iterable/],
  ["an iterable", { [Symbol.iterator]: () => [1].values() }, /value is an iterable; use an array: \[\.\.\.it\]/],
  ["an iterator of an array", [1].values(), /value is an iterator/],
  ["search parameters", new URLSearchParams("a=1"), /value is an? URLSearchParams; use an array/],
  [
    "an instance without fields",
    new Hidden(),
    /value is a Hidden without public fields; use a plain object, or give it a/,
  ],
  ["an object of which all is inherited", Object.create({ a: 1 }), /value is .* without public fields/],
  [
    "an object of which some is inherited",
    Object.assign(Object.create({ a: 1 }) as object, { b: 2 }),
    /value\.a is inherited/,
  ],
  ["what throws", hostile, /it cannot be converted to JSON: no thanks$/],
  ["a toJSON without a result", { toJSON: () => undefined }, /value has a toJSON that returns undefined/],
  ["a toJSON that gives NaN", { a: { toJSON: () => ({ b: NaN }) } }, /value\.a\.b is NaN/],
  ["deep nesting", deep, /value is nested too deeply/],
  ["NaN in an object", { mean: NaN }, /value\.mean is NaN; use null/],
  ["undefined in an object", { a: undefined }, /value\.a is undefined; use null, or leave it out/],
  ["a Map in an object", { inside: { counts: new Map() } }, /value\.inside\.counts is a Map/],
  ["a bigint in an array", [[1, 2n]], /value\[0\]\[1\] is a bigint, .* use String\(bigint\)/],
  ["a bigint in an object", { id: 1n }, /value\.id is a bigint/],
  ["a function in an object", { a: [{ f: () => 1 }] }, /value\.a\[0\]\.f is a function/],
  ["a name that is no identifier", { "a b": { 1: NaN } }, /value\["a b"\]\["1"\] is NaN/],
  ["a hole", [1, , 2], /value\[1\] is a hole in the array; use null/], // eslint-disable-line no-sparse-arrays
  ["a long array without elements", new Array(5), /value\[0\] is a hole/],
  ["a symbol for a name", { a: { [Symbol("s")]: 1 } }, /value\.a\[Symbol\(s\)\] has a symbol as its name/],
  ["a circle", cycle, /value\.list\[1\]\.again refers back to value; remove the circular reference/],
];

describe("a value that JSON cannot hold", () => {
  it.each(refused)("is refused by its path: %s", (_, value, says) => {
    expect(() => jsonText("emit", "the", value)).toThrow(TypeError);
    expect(() => jsonText("emit", "the", value)).toThrow(/^emit: JSON cannot hold the value of key "the": [^\n]+$/);
    expect(() => jsonText("emit", "the", value)).toThrow(says);
    expect(() => {
      requireValue("emit", "the", value);
    }).toThrow(says);
  });

  it("does not affect the next message", () => {
    expect(() => jsonText("emit", "k", { a: [NaN] })).toThrow(/value\.a\[0\] is NaN/);
    expect(() => jsonText("emit", "k", { b: NaN })).toThrow(/: value\.b is NaN/);
  });

  it("is named by its own place although a toJSON checked another value", () => {
    const asking = { toJSON: () => jsonText("emit", "inner", [{ ok: 1 }]) };
    expect(jsonText("emit", "outer", { a: [asking] })).toBe(JSON.stringify({ a: ['[{"ok":1}]'] }));
    expect(() => jsonText("emit", "outer", { a: [asking, NaN] })).toThrow(/: value\.a\[1\] is NaN/);
  });
});

describe("the JSON text of a value", () => {
  it("equals that of JSON.stringify for any JSON value", () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        expect(jsonText("emit", "k", value)).toBe(JSON.stringify(value));
        requireValue("emit", "k", value);
      }),
      { numRuns: 2000 },
    );
  });

  it.each<[string, unknown, string]>([
    ["null", null, "null"],
    ["a string that looks like null", "null", '"null"'],
    ["a negative zero", -0, "0"],
    ["a lone surrogate", "\ud800", '"\\ud800"'],
    ["a bigint", 9100521604143693812n, "9100521604143693812"],
    ["a date", new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ["a date in an object", { at: [new Date(0), 1] }, '{"at":["1970-01-01T00:00:00.000Z",1]}'],
    ["a URL", new URL("http://a/b"), '"http://a/b"'],
    ["fields of an instance", new Point(1, 2), '{"x":1,"y":2}'],
    [
      "a date in an instance",
      Object.assign(new Point(1, 2), { at: new Date(0) }),
      '{"x":1,"y":2,"at":"1970-01-01T00:00:00.000Z"}',
    ],
    ["an object without a prototype", Object.assign(Object.create(null) as object, { a: 1 }), '{"a":1}'],
    ["an object of another realm", runInNewContext("({ a: [{}] })"), '{"a":[{}]}'],
    ["a property named __proto__", JSON.parse('{"__proto__":{"a":[]}}'), '{"__proto__":{"a":[]}}'],
    [
      "a date beside a property named __proto__",
      Object.assign(JSON.parse('{"__proto__":{"a":[]}}') as object, { at: new Date(0) }),
      '{"__proto__":{"a":[]},"at":"1970-01-01T00:00:00.000Z"}',
    ],
    ["the elements of a match", /(a)(b)/.exec("ab"), '["ab","a","b"]'],
    ["the same object twice", [[1], [1]].fill([1]), "[[1],[1]]"],
    ["a toJSON that gives the object itself", new Itself(), '{"n":1}'],
  ])("has what is in %s", (_, value, text) => {
    expect(jsonText("emit", "k", value)).toBe(text);
  });

  it("calls a toJSON once, so that the checked value is the written one", () => {
    let calls = 0;
    const value = { a: { toJSON: () => (++calls === 1 ? "first" : NaN) } };
    expect(jsonText("emit", "k", value)).toBe('{"a":"first"}');
    expect(calls).toBe(1);
  });
});

describe("a key that is not a string", () => {
  it.each<[unknown, RegExp]>([
    [1, /^emit: a key must be a string, not number 1; use String\(key\)$/],
    [9100521604143693812n, /not bigint 9100521604143693812; use String\(key\)$/],
    [true, /not boolean true; use String\(key\)$/],
    [null, /not null$/],
    [undefined, /not undefined$/],
    [["a", "b"], /not object; use JSON\.stringify\(key\), or one of its properties$/],
    [Promise.resolve("a"), /not a promise \(is an `await` missing\?\)$/],
  ])("is refused with what to do: %s", (key, message) => {
    expect(() => {
      requireStringKey("emit", key);
    }).toThrow(message);
  });
});

describe("shownKey", () => {
  it("fits every key on one line of a message", () => {
    expect(shownKey("a\nb")).toBe('"a\\nb"');
    expect(shownKey("x".repeat(1000))).toBe(`"${"x".repeat(60)}"… (1000 characters)`);
  });
});
