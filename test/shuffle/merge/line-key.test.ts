import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineKey } from "../../../src/shuffle/merge/line-key.js";

/** A key somewhere in a block. */
function placed(bytes: number[], offset: number): LineKey {
  const key = new LineKey();
  key.set(Uint8Array.from([...Array<number>(offset).fill(0xff), ...bytes, 0xff]), offset, offset + bytes.length);
  return key;
}

/** Bytes that are often equal. */
const someBytes = fc.array(fc.constantFrom(0, 1, 0x61, 0x7f, 0x80, 0xff), { maxLength: 9 });

describe("LineKey", () => {
  it("compares bytes, wherever they are and whether copied or not", () => {
    fc.assert(
      fc.property(someBytes, someBytes, someBytes, fc.nat({ max: 3 }), (start, a, b, offset) => {
        const [keyA, keyB, copy] = [placed([...start, ...a], offset), placed([...start, ...b], 1), new LineKey()];
        const order = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(keyA.compare(keyB))).toBe(order);
        copy.copy(keyB);
        expect(copy.compare(keyB)).toBe(0);
        expect(Math.sign(keyA.compare(copy))).toBe(order);
        copy.copy(keyA);
        expect(Math.sign(copy.compare(keyB))).toBe(order);
      }),
      { numRuns: 5000 },
    );
  });

  it("copies keys of any length", () => {
    const copy = new LineKey();
    for (const length of [0, 63, 64, 65, 1000, 5]) {
      const key = placed(Array<number>(length).fill(0x61), 2);
      copy.copy(key);
      expect(copy.compare(key)).toBe(0);
    }
  });
});
