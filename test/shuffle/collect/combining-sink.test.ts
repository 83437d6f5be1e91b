import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../../src/app/contract.js";
import { CombiningSink } from "../../../src/shuffle/collect/combining-sink.js";
import type { SortedSink } from "../../../src/shuffle/collect/sorted-sink.js";
import { packed } from "../packed-key.js";

/** What the sink behind it gets of the values of a key: each with its count. */
function combined(texts: Iterable<string>, combine: (key: string, values: JsonValue[]) => JsonValue) {
  const given: [value: unknown, count: number][] = [];
  const target: SortedSink = {
    beginKey: () => undefined,
    value: (bytes, start, end, count) => {
      given.push([JSON.parse(Buffer.from(bytes.subarray(start, end)).toString()), count]);
    },
    endKey: () => undefined,
  };
  const sink = new CombiningSink(target, combine);
  const { words, keyBytes } = packed("key");
  sink.beginKey(0, words, 0, keyBytes);
  for (const text of texts) {
    const bytes = Buffer.from(text);
    sink.value(bytes, 0, bytes.length, 1);
  }
  sink.endKey();
  return given;
}

describe("combining on the map side", () => {
  it("folds values in batches, and the rest", () => {
    const lengths: number[] = [];
    const combine = (key: string, values: JsonValue[]) => {
      expect(key).toBe("key");
      lengths.push(values.length);
      return values.reduce<number>((sum, value) => sum + (value as number), 0);
    };
    const texts = Array.from({ length: 100_000 }, (_, n) => String(n % 2));
    expect(combined(texts, combine)).toEqual([[50_000, 1]]);
    expect(lengths).toEqual([65_536, 34_465]);
  });

  it("does not fold a result that only grows with each further value", () => {
    let calls = 0;
    const combine = (_: string, values: JsonValue[]) => {
      calls++;
      return values.flat();
    };
    const values = Array.from({ length: 64 }, (_, n) => String.fromCharCode(48 + n).repeat(2 ** 20));
    const given = combined(
      values.map((value) => JSON.stringify(value)),
      combine,
    );
    expect(given).toEqual([[values, 1]]);
    expect(calls).toBeLessThanOrEqual(4);
  }, 20_000);
});
