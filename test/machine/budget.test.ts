import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collectorBytesFor, memoryProblem, workersDefault } from "../../src/machine/budget.js";

const MiB = 2 ** 20;
const limits = (cpus?: number, memoryMiB?: number) => ({
  cpus,
  memoryBytes: memoryMiB === undefined ? undefined : memoryMiB * MiB,
  memoryStatistics: undefined,
});

describe("the default number of workers", () => {
  it.each([
    ["no limits", limits(), 8, 8, "one per core"],
    ["half a core", limits(0.5), 8, 1, "for the container's CPU quota of 0.5 cores"],
    ["one core", limits(1), 8, 1, "for the container's CPU quota of 1 core"],
    ["a core and a half, of which none is wasted", limits(1.5), 8, 2, "for the container's CPU quota of 1.5 cores"],
    ["a quota above what the machine has", limits(64), 8, 8, "one per core"],
    ["plenty of memory", limits(undefined, 16_384), 8, 8, "one per core"],
    ["little memory", limits(undefined, 512), 8, 3, "as many as fit into the container's memory limit of 512MiB"],
    ["too little memory", limits(4, 64), 8, 1, "as many as fit into the container's memory limit of 64MiB"],
    ["one core of its own", limits(), 1, 1, "one per core"],
  ])("with %s", (_name, granted, cores, workers, reason) => {
    expect(workersDefault(granted, cores)).toEqual({ workers, reason });
  });
});

describe("the memory for the pairs of a map task", () => {
  it("is 256 MiB where nothing limits it", () => {
    expect(collectorBytesFor(8, limits())).toBe(256 * MiB);
  });

  it("never makes the workers outgrow a container into which they fit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 192, max: 65_536 }), fc.integer({ min: 1, max: 64 }), (memoryMiB, cores) => {
        const granted = limits(undefined, memoryMiB);
        const { workers } = workersDefault(granted, cores);
        const bytes = collectorBytesFor(workers, granted);
        expect(bytes).toBeGreaterThanOrEqual(16 * MiB);
        expect(workers * (bytes + 120 * MiB)).toBeLessThan(memoryMiB * MiB);
        expect(memoryProblem(workers, granted)).toBeUndefined();
      }),
    );
  });
});

it("more workers than fit into a container cause a warning", () => {
  expect(memoryProblem(8, limits(8, 256))).toBe(
    "8 workers may be too many for the container's memory limit of 256MiB: --workers 1 fits",
  );
});
