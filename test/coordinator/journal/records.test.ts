import fc from "fast-check";
import * as v from "valibot";
import { expect, it } from "vitest";
import { readRecord } from "../../../src/coordinator/journal/records.js";
import { outputFile } from "../../../src/model/attempt.js";

const committed = {
  type: "committed",
  ref: { kind: "map", task: 3, attempt: 1 },
  outputs: [
    [0, 20, 0xffffffff],
    [7, 1, 0],
  ],
  recordsIn: 1,
  recordsOut: 2,
  bytesIn: 3,
  bytesOut: 4,
  keys: 5,
  spills: 6,
  spilledBytes: 7,
  counters: [["pages", 5]],
  skipped: [],
  sideFiles: [["index.txt", 9]],
};

it("a record is read as it was written", () => {
  expect(readRecord(JSON.parse(JSON.stringify(committed)))).toEqual(committed);
});

it.each([
  ["of no array", { outputs: {} }],
  ["of a tuple that is none", { outputs: [{ 0: 0, 1: 20, 2: 3, length: 3 }] }],
  ["of a tuple that is too long", { outputs: [[0, 20, 3, 4]] }],
  ["without outputs", { outputs: undefined }],
  ["with something more", { more: 1 }],
  ["with a side file elsewhere", { sideFiles: [["../index.txt", 9]] }],
])("a record %s is of another version", (_, wrong) => {
  expect(readRecord({ ...committed, ...wrong })).toBeUndefined();
});

it("the outputs of a record are checked like those in a report", () => {
  const number = fc.oneof(fc.constantFrom(0, 1, 0xffffffff, 2 ** 32, -1, -0, 1.5, 2 ** 53, NaN), fc.nat());
  const value = fc.oneof({ weight: 5, arbitrary: number }, fc.constantFrom("1", null, undefined, true, []));
  fc.assert(
    fc.property(fc.array(fc.array(value, { minLength: 2, maxLength: 3 }), { maxLength: 3 }), (outputs) => {
      const isRight = readRecord({ ...committed, outputs }) !== undefined;
      expect(isRight).toBe(v.is(v.array(outputFile), outputs));
    }),
    { numRuns: 500 },
  );
});
