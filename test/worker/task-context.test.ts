import { describe, expect, it } from "vitest";
import { AttemptContext } from "../../src/worker/task-context.js";

class MapContext extends AttemptContext {
  readonly kind = "map";
}

function newContext(): AttemptContext {
  return new MapContext({
    ref: { kind: "map", task: 0, attempt: 1 },
    jobId: "job",
    reducers: 1,
    boundaries: undefined,
    output: {},
    directory: "/nowhere",
    intermediatePrefix: "",
    collectorBytes: 1,
    files: [],
    args: {},
    signal: new AbortController().signal,
    progress: {
      record: NaN,
      isFolding: false,
      set: () => undefined,
      beginRecord: () => undefined,
      setFolding: () => undefined,
      takeValue: () => undefined,
    },
    marksRecords: false,
  });
}

describe("a counter", () => {
  it("keeps its sum, under any name", () => {
    const context = newContext();
    context.counter("__proto__").add();
    context.counter("__proto__").add(2);
    expect(context.counts()).toEqual([["__proto__", 3]]);
  });

  it("refuses what makes it so large that the sum of many is no number, and keeps the sum that it had", () => {
    const context = newContext();
    const counter = context.counter("large");
    counter.add(-9e299);
    for (const n of [-9e299, Number.MAX_VALUE]) expect(() => counter.add(n)).toThrow(/^counter large: .* is too large/);
    expect(() => counter.add(NaN)).toThrow(/cannot add NaN/);
    expect(context.counts()).toEqual([["large", -9e299]]);
  });

  it("is one of so many, with names so long, that they fit into a report", () => {
    const context = newContext();
    const name = (n: number) => `${"€".repeat(196)}${n}`;
    for (let n = 0; n < 1000; n++) context.counter(name(n)).add();
    expect(() => context.counter("another").add()).toThrow(/^counter another: a task may have 1000 counters/);
    context.counter(name(7)).add();
    expect(context.counts()).toHaveLength(1000);
    expect(() => context.counter("n".repeat(201))).toThrow(/longer than 200 characters/);
    expect(() => context.counter(7 as unknown as string)).toThrow(/must be a string, not number/);
  });
});
