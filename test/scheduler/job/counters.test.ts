import { describe, expect, it } from "vitest";
import type { Effect, Event } from "../../../src/scheduler/cluster/events.js";
import { checkInvariants } from "../../../src/scheduler/cluster/invariants.js";
import { step } from "../../../src/scheduler/cluster/step.js";
import { noMeasures } from "../../../src/model/measures.js";
import { jobSettings } from "../../support/job-settings.js";
import { ofJob, oneJob } from "../one-job.js";

type Counters = [string, number][];

const app = { name: "app.js", hash: "0", input: "file" } as const;

/** The job after two maps with these counters in turn, and the reply to the second report. */
function afterMaps(...counters: [Counters, Counters]) {
  const { cluster, state } = oneJob(jobSettings());
  const splits = ["a", "b"].map((file) => [{ file, path: `/${file}`, startBytes: 0, endBytes: 1 }]);
  let effects: Effect[] = [];
  const tell = (event: Event) => {
    effects = step(cluster, event, 0);
    checkInvariants(cluster, 0);
  };
  tell({ type: "planned", job: "job", app, args: {}, splits });
  tell({ type: "registered", call: 1, pid: 1, host: "host" });
  tell({ type: "taskRequested", call: 2, worker: "w1" });
  for (const [task, counted] of counters.entries()) {
    const ref = ofJob({ kind: "map", task, attempt: 1 });
    const made = { outputs: [], skipped: [], sideFiles: [] };
    const outcome = { type: "done" as const, ...made, ...noMeasures(), counters: counted };
    tell({ type: "commitAsked", call: 3, worker: "w1", ref });
    tell({ type: "attemptEnded", call: 4, worker: "w1", ref, outcome, leaving: false });
  }
  return { state, effects };
}

function named(from: number, to: number): Counters {
  return Array.from({ length: to - from }, (_, n) => [`counter ${from + n}`, 1]);
}

describe("the counters of a job", () => {
  it("may be as many as one attempt may have", () => {
    const { state } = afterMaps(named(0, 600), named(500, 1000));
    expect(state.phase).toBe("reduce");
    expect(state.measures.map.counters.size).toBe(1000);
    expect(state.measures.map.counters.get("counter 550")).toBe(2);
  });

  it("fail it when there are more, as when each task has names of its own", () => {
    const { state, effects } = afterMaps(named(0, 600), named(500, 1001));
    expect(state.phase).toBe("failed");
    expect(state.failure?.message).toMatch(/^map task 1 \(b\): a job may have 1000 counters/);
    expect(state.measures.map.counters.size).toBe(600);
    expect(effects).toContainEqual(
      expect.objectContaining({ type: "reply", result: expect.objectContaining({ accepted: false }) as unknown }),
    );
  });
});
