import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeySample } from "../../../src/shuffle/collect/key-sample.js";

const options = { keysMax: 100, keyUnitsMax: 8, groupKey: undefined };

function sampleOf(keys: readonly string[], more: Partial<ConstructorParameters<typeof KeySample>[0]> = {}): KeySample {
  const sample = new KeySample({ ...options, ...more });
  for (const key of keys) sample.emit(key);
  return sample;
}

describe("a sample of keys", () => {
  it("keeps all keys while there is room, and never more than fit", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 8 }), { maxLength: 300 }), (keys) => {
        const sample = sampleOf(keys);
        expect(sample.pairs).toBe(keys.length);
        if (keys.length <= 100) expect(sample.keys).toEqual(keys);
        else expect(sample.keys.length).toBe(100);
        for (const key of sample.keys) expect(keys).toContain(key);
      }),
    );
  });

  it("represents all pairs: the first, the last, and alternating ones", () => {
    const pairs = Array.from({ length: 40_000 }, (_, n) => `${n % 2 === 0 ? "a" : "b"}${n}`);
    const { keys } = sampleOf(pairs, { keysMax: 2000 });
    const share = (matches: (key: string) => boolean) => keys.filter(matches).length / keys.length;
    expect(share((key) => key.startsWith("a"))).toBeCloseTo(0.5, 1);
    for (const quarter of [0, 1, 2, 3]) {
      expect(share((key) => Math.floor(Number(key.slice(1)) / 10_000) === quarter)).toBeCloseTo(0.25, 1);
    }
  });

  it("is the same for the same pairs", () => {
    const pairs = Array.from({ length: 5000 }, (_, n) => String(n));
    expect(sampleOf(pairs).keys).toEqual(sampleOf(pairs).keys);
  });

  it("keeps the groups of keys, and cuts long ones", () => {
    expect(sampleOf(["b123456789", "a"], { groupKey: (key) => `${key}!` }).keys).toEqual(["b1234567", "a!"]);
  });

  it("accepts keys as bytes, and rejects invalid keys", () => {
    const sample = new KeySample(options);
    const bytes = Buffer.from("xéy");
    sample.emitBytes(bytes, 1, 3);
    sample.emitSlices(bytes, 3, 4);
    expect([sample.keys, sample.pairs]).toEqual([["é", "y"], 2]);
    expect(() => sample.emitBytes(bytes, 1, 9)).toThrow(RangeError);
    expect(() => sample.emit(1 as unknown as string)).toThrow(TypeError);
  });
});
