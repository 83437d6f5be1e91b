import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { noMeasures } from "../../src/model/measures.js";
import { methods } from "../../src/rpc/protocol.js";

describe("the counters of a report", () => {
  const report = (counters: [string, number][]) => {
    const outcome = { type: "done", outputs: [], skipped: [], sideFiles: [], ...noMeasures(), counters };
    const ref = { kind: "map", task: 0, attempt: 1 };
    return v.is(methods.NotifyTaskCompletion.params, { worker: "w1", ref, outcome, leaving: false });
  };
  const many = Array.from({ length: 1001 }, (_, n): [string, number] => [String(n), 1]);

  test("are bounded in number, name and size, so that their sums over a job are bounded", () => {
    expect(report([...many.slice(1), ["n".repeat(200), -1e300]])).toBe(false);
    expect(report([...many.slice(2), ["n".repeat(200), -1e300]])).toBe(true);
    expect(report([["n".repeat(201), 1]])).toBe(false);
    for (const n of [1.1e300, -1.1e300, JSON.parse("1e999") as number]) expect(report([["n", n]])).toBe(false);
  });
});
