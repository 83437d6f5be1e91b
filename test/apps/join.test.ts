import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as join from "../../apps/join.js";
import { testApp } from "../../src/index.js";

const args = { on: "id", left: "left.csv" };

/** The output, with each row parsed. */
async function joined(inputs: Record<string, string>, given: Record<string, string> = args) {
  const { outputs, counters } = await testApp(join, inputs, { args: given });
  return { rows: outputs.map(({ key, value }) => [key, value]), counters };
}

test("join makes a row of every two rows with equal values in the column, wherever the column is", async () => {
  const left = "id,name\n1,Ann\n2,Bob\n2,Bill\n";
  const right = "item,id\nrope,2\noil,1\n";
  const { rows } = await joined({ "left.csv": left, "right.csv": right });
  expect(rows).toHaveLength(3);
  expect(rows).toEqual(
    expect.arrayContaining([
      ["1", { name: "Ann", item: "oil" }],
      ["2", { name: "Bob", item: "rope" }],
      ["2", { name: "Bill", item: "rope" }],
    ]),
  );
});

describe("join with a kind keeps rows without a match", () => {
  const cell = fc.constantFrom("", "a", "b", "é", "a b");
  const table = fc.array(fc.tuple(cell, fc.constantFrom("", "1", "2")), { maxLength: 12 });
  const csv = (column: string, rows: readonly (readonly [string, string])[]) => {
    return [`${column},id`, ...rows.map(([key, value]) => `"${value}",${key}`), ""].join("\n");
  };

  test.each([
    ["left", true, false],
    ["right", false, true],
    ["outer", true, true],
  ])("of the tables that kind=%s names, as two nested loops do", async (kind, keepsLeft, keepsRight) => {
    await fc.assert(
      fc.asyncProperty(table, table, async (lefts, rights) => {
        const inputs = { "left.csv": csv("same", lefts), "right.csv": csv("same", rights) };
        const { rows } = await joined(inputs, { ...args, kind });
        const isPair = (a: string, b: string) => a !== "" && a === b;
        const wanted: unknown[] = [];
        for (const [key, same] of lefts) {
          const found = rights.filter(([other]) => isPair(key, other));
          for (const [, other] of found) wanted.push([key, { left: { same }, right: { same: other } }]);
          if (keepsLeft && found.length === 0) wanted.push([key, { left: { same }, right: null }]);
        }
        for (const [key, same] of rights) {
          const isAlone = !lefts.some(([other]) => isPair(key, other));
          if (keepsRight && isAlone) wanted.push([key, { left: null, right: { same } }]);
        }
        const sorted = (some: readonly unknown[]) => some.map((row) => JSON.stringify(row)).sort();
        expect(sorted(rows)).toEqual(sorted(wanted));
      }),
      { numRuns: 40 },
    );
  });

  test("of a table whose other table is empty", async () => {
    const inputs = { "left.csv": "id,a\n1,x\n", "right.csv": "" };
    const alone = [["1", { left: { a: "x" }, right: null }]];
    expect((await joined(inputs, { ...args, kind: "outer" })).rows).toEqual(alone);
    expect((await joined(inputs, { ...args, kind: "right" })).rows).toEqual([]);
  });
});

test("join counts rows without a match, and rows whose column is empty", async () => {
  const { rows, counters } = await joined({
    "left.csv": "id,a\n1,x\n2,x\n2,y\n,z\n",
    "right.csv": "id,b\n1,x\n3,x\n,z\n,z\n",
  });
  expect(rows).toEqual([["1", { a: "x", b: "x" }]]);
  expect(counters).toEqual({
    "rows without a key": 3,
    "rows of the left table without a match": 2,
    "rows of the right table without a match": 1,
  });
});

test("join returns nothing for an empty table", async () => {
  const inputs = { "left.csv": "", "right.csv": "id,b\n1,x\n" };
  expect(await joined(inputs)).toEqual({ rows: [], counters: { "rows of the right table without a match": 1 } });
});

test("join keeps columns of the same name apart, and accepts names of object members", async () => {
  const { rows } = await joined({
    "left.csv": "id,name,constructor,__proto__\n1,Ann,c,p\n",
    "right.csv": "id,name,name_right,__proto__\n1,rope,hemp,q\n",
  });
  const columns = [
    ["name", "Ann"],
    ["constructor", "c"],
    ["__proto__", "p"],
    ["name_right", "rope"],
    ["name_right_right", "hemp"],
    ["__proto___right", "q"],
  ];
  expect(rows.map(([key, row]) => [key, Object.entries(row as object)])).toEqual([["1", columns]]);
});

describe("join takes for the left table", () => {
  const [a, b] = ["id,a\n1,x\n", "id,b\n1,y\n"];
  test.each([
    ["a file of that name", "people.csv", "data/people.csv"],
    ["the file that is given like that", "data/people.csv", "data/people.csv"],
    ["files below a directory of that name", "people", "data/people/1.csv"],
  ])("%s", async (_what, left, name) => {
    const { rows } = await joined({ [name]: a, "data/old-people.csv": b }, { on: "id", left });
    expect(rows).toEqual([["1", { a: "x", b: "y" }]]);
  });
});

test.each([
  [{ on: "id" }, "app under test needs --arg left=NAME"],
  [{ left: "left.csv" }, "app under test needs --arg on=COLUMN"],
  [{ ...args, kind: "full" }, "--arg kind=full: it must be inner, left, right, outer"],
  [{ ...args, kind: "toString" }, "--arg kind=toString: it must be inner, left, right, outer"],
  [{ ...args, on: "name" }, "left.csv has no column name; its columns are: id, a"],
  [{ ...args, on: "constructor" }, "left.csv has no column constructor; its columns are: id, a"],
])("join refuses %j", async (given: Record<string, string>, message) => {
  await expect(joined({ "left.csv": "id,a\n1,x\n" }, given)).rejects.toThrow(message);
});

test("join gives the result of two nested loops, however often a key occurs on either side", async () => {
  const table = fc.array(fc.tuple(fc.constantFrom("", "a", "b", "é", "a b"), fc.nat(99)), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(table, table, async (left, right) => {
      const csv = (column: string, rows: readonly (readonly [string, number])[]) =>
        [`${column},id`, ...rows.map(([key, n]) => `${n},${key}`), ""].join("\n");
      const { rows, counters } = await joined({ "left.csv": csv("l", left), "right.csv": csv("r", right) });
      const expected = left.flatMap(([key, l]) => {
        const found = right.filter(([other]) => key !== "" && other === key);
        return found.map(([, r]) => [key, { l: String(l), r: String(r) }]);
      });
      expect(rows.map((row) => JSON.stringify(row)).sort()).toEqual(expected.map((row) => JSON.stringify(row)).sort());
      const without = [...left, ...right].filter(([key]) => key === "").length;
      expect(counters["rows without a key"] ?? 0).toBe(without);
    }),
    { numRuns: 30 },
  );
});
