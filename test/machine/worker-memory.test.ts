import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  collectorBytesWithin,
  collectorProblem,
  heapLimits,
  mayKeepTooMuch,
  workerMemory,
  workerMemoryBytesMin,
} from "../../src/machine/worker-memory.js";

const MiB = 2 ** 20;

describe("the memory of a worker", () => {
  it.each([
    ["the least", 184, 16, 32],
    ["a little", 216, 24, 48],
    ["more", 1080, 240, 480],
    ["so much that the pairs need no more", 3376, 256, 2000],
  ])("when it is %s, is divided between the pairs and the heap of the app", (_name, limit, collector, heap) => {
    const memory = workerMemory(limit * MiB);
    expect(memory).toEqual({
      limitBytes: limit * MiB,
      collectorBytes: collector * MiB,
      heapBytes: heap * MiB,
      keptBytesMax: (heap / 2) * MiB,
    });
    expect(heapLimits(memory).maxOldGenerationSizeMb).toBe(heap);
  });

  it("leaves the heap what the pairs do not take", () => {
    expect(workerMemory(216 * MiB, 6 * MiB).heapBytes).toBe(60 * MiB);
    expect(workerMemory(216 * MiB, 36 * MiB).heapBytes).toBe(40 * MiB);
  });

  it("always suffices for the process, the heap and the pairs, by default or as given", () => {
    const limits = fc.integer({ min: workerMemoryBytesMin, max: 64 * 1024 * MiB });
    fc.assert(
      fc.property(limits, fc.option(fc.integer({ min: MiB, max: 1024 * MiB }), { nil: undefined }), (limit, given) => {
        if (given !== undefined && collectorProblem(limit, given) !== undefined) return;
        const { collectorBytes, heapBytes, keptBytesMax } = workerMemory(limit, given);
        expect(collectorProblem(limit, collectorBytesWithin(limit))).toBeUndefined();
        expect(collectorBytes).toBe(given ?? collectorBytesWithin(limit));
        expect(collectorBytes + heapBytes * 1.5).toBeLessThanOrEqual(limit - 120 * MiB);
        expect(heapBytes).toBeGreaterThanOrEqual(32 * MiB);
        expect(keptBytesMax).toBeLessThan(heapBytes);
      }),
    );
  });
});

it("memory for the pairs that does not fit into a worker is a problem that names what fits", () => {
  expect(collectorProblem(200 * MiB, 256 * MiB)).toBe(
    "--memory 256MiB does not fit into --worker-memory 200MiB, in which pairs may take up to 32MiB: " +
      "make --memory smaller, or leave it out",
  );
  expect(collectorProblem(200 * MiB, 32 * MiB)).toBeUndefined();
  expect(collectorProblem(200 * MiB, 32 * MiB + 1)).toBeDefined();
});

it("a process that has hardly grown cannot hold an app that keeps too much", () => {
  const memory = workerMemory(200 * MiB);
  expect(mayKeepTooMuch(memory, 60 * MiB)).toBe(false);
  expect(mayKeepTooMuch(memory, 120 * MiB)).toBe(true);
});
