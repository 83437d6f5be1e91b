import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ratesOf } from "../../../src/status/page/rates.js";

const at = (atMs: number, mapBytes: number) => ({ atMs, mapBytes, mapRecords: 0, reduceRecords: 0, reduceBytes: 0 });

describe("rates", () => {
  it("are the work done in steps of a second, divided by their length", () => {
    const rates = ratesOf([at(0, 0), at(5000, 500), at(20_000, 500)], 20_000);
    expect(rates).toHaveLength(20);
    expect(rates.map(({ mapBytes }) => Math.round(mapBytes))).toEqual(
      Array.from({ length: 20 }, (_, n) => (n < 5 ? 100 : 0)),
    );
    expect(rates.map(({ toMs }) => toMs)).toEqual(Array.from({ length: 20 }, (_, n) => (n + 1) * 1000));
  });

  it("add up to the whole, whenever the samples were taken, and are never negative", () => {
    const steps = fc.array(fc.record({ ms: fc.integer({ min: 1, max: 5000 }), bytes: fc.nat(1000) }), { minLength: 1 });
    fc.assert(
      fc.property(steps, (given) => {
        let [ms, bytes] = [0, 0];
        const samples = given.map((step) => at((ms += step.ms), (bytes += step.bytes)));
        const rates = ratesOf(samples, ms);
        const sum = rates.reduce((total, rate) => total + (rate.mapBytes * (rate.toMs - rate.fromMs)) / 1000, 0);
        expect(sum).toBeCloseTo(bytes, 3);
        expect(rates.length).toBeLessThanOrEqual(120);
      }),
    );
  });

  it("are zero while a sum falls because an attempt was lost", () => {
    const rates = ratesOf([at(0, 0), at(10_000, 1000), at(20_000, 200)], 20_000);
    expect(rates.slice(10).map(({ mapBytes }) => mapBytes)).toEqual(Array.from({ length: 10 }, () => 0));
  });

  it("are none before anything was measured", () => {
    expect([ratesOf([], 1000), ratesOf([at(0, 0)], 0)]).toEqual([[], []]);
  });
});
