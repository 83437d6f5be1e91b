import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/app/contract.js";
import { createSlabCollector } from "../../src/shuffle/collect/slab-collector.js";
import { storedText, storedValue } from "../../src/shuffle/stored-value.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { jsonValue } from "./hostile-data.js";
import { collect, readAll, stored } from "./shuffle-run.js";

const directory = useTemporaryDirectory();

/** The values that `reduce` receives when these are emitted for one key. */
function shuffled(values: readonly JsonValue[], memoryBytes: number, combine?: boolean): JsonValue[] {
  const options = {
    reducers: 1,
    temporaryPath: () => directory.newPath(),
    spillPath: () => directory.newPath(),
    memoryBytes,
    combine: combine === true ? (_: string, [first = null]: JsonValue[]) => first : undefined,
  };
  const files = collect(
    createSlabCollector,
    options,
    values.map((value) => ({ key: "k", value })),
  );
  const [group] = readAll(files.map(stored));
  return group?.values ?? [];
}

describe("a bigint among values", () => {
  const whole = fc.oneof(
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
    fc.constantFrom(0n, 1n, -1n, 2n ** 53n, 2n ** 53n + 1n, 9100521604143693812n),
    fc.constantFrom(0, 1, 2 ** 53, 2 ** 60, -(2 ** 63), 1e300, 1e21, 0.5),
  );

  it("is the same bigint in reduce, and a number the same number, whatever else has the key and however it is spilled", () => {
    const values = fc.array(fc.oneof({ weight: 2, arbitrary: whole }, jsonValue), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 8000 }), (emitted, memoryBytes) => {
        // A value that JSON changes is not a bigint: -0 becomes 0.
        const expected = emitted.map((value) =>
          typeof value === "bigint" ? value : (JSON.parse(JSON.stringify(value)) as JsonValue),
        );
        expect(shuffled(emitted, memoryBytes)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it("may be passed to combine and returned by it", () => {
    expect(shuffled([2n ** 64n, 1, "x"], 1_000_000, true)).toEqual([2n ** 64n]);
  });

  it("has a JSON text that differs from every number's", () => {
    expect(JSON.parse(storedText("emit", "k", 5n))).toBe(5);
    expect(storedValue(storedText("emit", "k", 2n ** 60n))).toBe(2n ** 60n);
    expect(storedValue(storedText("emit", "k", 2 ** 60))).toBe(2 ** 60);
  });
});
