import fc from "fast-check";
import { expect, it } from "vitest";
import { WaitingValues } from "../../../src/shuffle/collect/waiting-values.js";

const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(-0));
const value = fc.oneof(
  { weight: 5, arbitrary: fc.array(number, { minLength: 1, maxLength: 3 }) },
  fc.constant([]),
  fc.array(number, { minLength: 15, maxLength: 18 }),
  fc.array(fc.oneof(number, fc.string(), fc.constant(null)), { maxLength: 3 }),
  number,
  fc.jsonValue(),
);
const batchOfOneKind = (kind: fc.Arbitrary<unknown>) => fc.array(kind, { minLength: 1, maxLength: 6 });
const batch = fc.oneof(batchOfOneKind(value), batchOfOneKind(number));

it("values wait in their order and come out as if through JSON, whatever they are", () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 4 }), (batches) => {
      const waiting = new WaitingValues("k");
      for (const batch of batches) {
        for (const each of batch) waiting.push("emit", each);
        expect(waiting.count).toBe(batch.length);
        expect(waiting.haveArrays).toBe(batch.some((each) => Array.isArray(each)));
        expect(waiting.take()).toEqual(JSON.parse(JSON.stringify(batch)));
        expect(waiting.count).toBe(0);
        expect(waiting.size).toBe(0);
      }
    }),
  );
});

it("a value is copied when it is added", () => {
  const waiting = new WaitingValues("k");
  const stats = [1, 2];
  waiting.push("emit", stats);
  stats[0] = 9;
  waiting.push("emit", stats);
  expect(waiting.take()).toEqual([
    [1, 2],
    [9, 2],
  ]);
});

it.each([
  [[1, NaN], /NaN/],
  [[1, -Infinity], /-Infinity/],
  [[1, undefined], /undefined/],
])("an array with a value that JSON cannot hold is an error: %j", (bad, message) => {
  const waiting = new WaitingValues("k");
  waiting.push("emit", [1, 2]);
  expect(() => waiting.push("emit", bad)).toThrow(message);
  expect(waiting.take()).toEqual([[1, 2]]);
});

it.each([[{ toJSON: () => "other" }], [{ extra: 1 }]])(
  "an array with own properties %j is what JSON makes of it",
  (own) => {
    const waiting = new WaitingValues("k");
    const array = Object.assign([1, 2], own);
    waiting.push("emit", array);
    expect(waiting.take()).toEqual([JSON.parse(JSON.stringify(array))]);
  },
);
