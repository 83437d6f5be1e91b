import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TokenBucket } from "../../src/rpc/token-bucket.js";

describe("a token bucket", () => {
  test("allows a burst at once, and then the rate", () => {
    let nowMs = 1000;
    const bucket = new TokenBucket({ burst: 10, perSecond: 2 }, () => nowMs);
    expect(bucket.take(10)).toBe(true);
    expect(bucket.take(1)).toBe(false);
    nowMs += 499;
    expect(bucket.take(1)).toBe(false);
    nowMs += 1;
    expect(bucket.take(1)).toBe(true);
    expect(bucket.take(1)).toBe(false);
  });

  test("saves no more than a burst", () => {
    let nowMs = 0;
    const bucket = new TokenBucket({ burst: 10, perSecond: 2 }, () => nowMs);
    nowMs += 3_600_000;
    expect(bucket.take(11)).toBe(false);
    expect(bucket.take(10)).toBe(true);
    expect(bucket.take(1)).toBe(false);
  });

  test("never allows more than the burst plus the rate over any time, and all of it to a frequent caller", () => {
    const steps = fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 500 }), tokens: fc.nat(30) }));
    fc.assert(
      fc.property(steps, (taken) => {
        let nowMs = 0;
        let given = 0;
        const bucket = new TokenBucket({ burst: 20, perSecond: 100 }, () => nowMs);
        for (const { afterMs, tokens } of taken) {
          nowMs += afterMs;
          if (bucket.take(tokens)) given += tokens;
          expect(given).toBeLessThanOrEqual(20 + nowMs / 10 + 1e-6);
        }
      }),
    );
  });
});
