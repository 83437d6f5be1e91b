import fc from "fast-check";
import * as v from "valibot";
import { expect, test } from "vitest";
import { takeJobView } from "../../src/scheduler/job-view.js";
import type { JobSettings } from "../../src/model/job.js";
import { jobView } from "../../src/model/job-view.js";
import { jobSettings } from "../support/job-settings.js";
import { type Move, Cluster } from "./cluster.js";
import { durable } from "./durable.js";

/** Far more than the faults of one run can cause. */
const unlimited = 1_000_000;

/** The possible moves, with their relative frequencies. */
const moveWeights = {
  ...{ join: 1, plan: 1, deliver: 2, react: 2, work: 2, spurt: 1, heartbeat: 1, pass: 1, calm: 2 },
  ...{ disconnect: 1, reconnect: 1, freeze: 1, thaw: 3, leap: 1, fail: 1, repeat: 1, "ask twice": 1, stranger: 1 },
  ...{ damage: 1, leave: 0.5, restart: 0.5 },
};
const endingWeights = { fatal: 0.05, abort: 0.05, drain: 0.05 };

const jobs = fc.record({
  splitBytes: fc.array(fc.nat(5), { maxLength: 20 }),
  reducers: fc.nat(8),
  combineBytesMin: fc.constantFrom(0, 100, Infinity),
  partitioner: fc.constantFrom("hash" as const, "range" as const),
  taskTimeoutMs: fc.constantFrom(20, 200, 10_000, 1_000_000),
  workers: fc.integer({ min: 0, max: 5 }),
  plannedFirst: fc.boolean(),
  backups: fc.constantFrom("none" as const, "after-timeout" as const, "behind-peers" as const),
});

test("whatever goes wrong, a job with generous limits succeeds, and every task commits exactly once", () => {
  fc.assert(
    fc.property(jobs, fc.constantFrom(0, unlimited), moves(moveWeights), (job, badRecordsMax, script) => {
      const cluster = run(job, script, { maxAttempts: unlimited, maxCrashes: unlimited, badRecordsMax });
      expect(cluster.ledger.ended).toBe("done");
    }),
    { numRuns: 500 },
  );
});

test("the same holds when the faults begin at the combine tasks", () => {
  const withCombines = jobs.chain((job) =>
    fc
      .record({
        splitBytes: fc.array(fc.nat(5), { minLength: 9, maxLength: 20 }),
        reducers: fc.integer({ min: 1, max: 2 }),
        workers: fc.integer({ min: 2, max: 5 }),
      })
      .map((own) => ({ ...job, ...own, plannedFirst: true, combineBytesMin: 0 })),
  );
  let planned = 0;
  fc.assert(
    fc.property(withCombines, moves(moveWeights), (job, script) => {
      const limits = { maxAttempts: unlimited, maxCrashes: unlimited, badRecordsMax: 0 };
      const cluster = run(job, script, limits, () => undefined, finishMaps);
      expect(cluster.ledger.ended).toBe("done");
      if (cluster.state.combines.length > 0) planned += 1;
    }),
    { numRuns: 300 },
  );
  expect(planned).toBeGreaterThan(200);
});

test("a job that may fail ends too: well, stopped, or with a task that used up its attempts, a fatal error or an abort", () => {
  const limits = fc.record({
    maxAttempts: fc.integer({ min: 1, max: 4 }),
    maxCrashes: fc.integer({ min: 1, max: 5 }),
    badRecordsMax: fc.nat(3),
  });
  const script = moves({ ...moveWeights, ...endingWeights });
  fc.assert(
    // The ledger checks whether the end is correct: it expects it in that step and in no other.
    fc.property(jobs, limits, script, (job, limit, moved) => {
      expect(run(job, moved, limit).ledger.ended).toBeDefined();
    }),
    { numRuns: 300 },
  );
});

test("at any time, another coordinator would find in the journal all that this one knows", () => {
  fc.assert(
    fc.property(jobs, fc.constantFrom(0, unlimited), moves(moveWeights), (job, badRecordsMax, script) => {
      run(job, script, { maxAttempts: unlimited, maxCrashes: unlimited, badRecordsMax }, (cluster) => {
        expect(durable(cluster.restored().state)).toEqual(durable(cluster.state));
      });
    }),
    { numRuns: 30 },
  );
});

function moves(weights: Readonly<Record<string, number>>): fc.Arbitrary<Move[]> {
  const types = Object.entries(weights).map(([type, weight]) => ({
    weight: weight * 20,
    arbitrary: fc.constant(type),
  }));
  const move = fc.record({ type: fc.oneof(...types), who: fc.nat(7), how: fc.nat(100) });
  return fc.array(move, { maxLength: 250, size: "max" });
}

/** Plays the moves, then lets the cluster finish undisturbed; a failure shows all moves. */
function run(
  { splitBytes, workers, plannedFirst, ...job }: typeof jobs extends fc.Arbitrary<infer Job> ? Job : never,
  script: readonly Move[],
  limits: Pick<JobSettings, "maxAttempts" | "maxCrashes" | "badRecordsMax">,
  afterMove: (cluster: Cluster) => void = () => undefined,
  afterJoin: (cluster: Cluster) => void = () => undefined,
): Cluster {
  const settings = jobSettings({ ...job, ...limits });
  const cluster = new Cluster(settings, splitBytes);
  try {
    if (plannedFirst) cluster.move({ type: "plan", who: 0, how: 0 });
    for (let i = 0; i < workers; i++) cluster.move({ type: "join", who: 0, how: 0 });
    afterJoin(cluster);
    for (const move of script) {
      cluster.move(move);
      afterMove(cluster);
    }
    cluster.finish(10 * (splitBytes.length + 3 + job.reducers) + 50);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\nafter\n${cluster.script}`, {
      cause: error,
    });
  }
  // Everyone has left, and no call is unanswered.
  expect(cluster.ledger.unanswered).toEqual([]);
  expectSeen(cluster);
  return cluster;
}

/** Lets the workers finish all maps, without a fault. */
function finishMaps(cluster: Cluster): void {
  for (let who = 0; cluster.state.phase === "map" && who < 1000; who++) cluster.move({ type: "spurt", who, how: 7 });
}

/** The view can show everything that happened, and knows how each attempt ended. */
function expectSeen({ state }: Cluster): void {
  const endMs = 1e12;
  const view = v.parse(jobView, takeJobView(state, endMs, { startedAtEpochMs: 0, throughput: [] }));
  const ended = view.ended.reduce((sum, { count }) => sum + count, 0);
  expect(view.timeline.spans.reduce((sum, { count }) => sum + count, view.timeline.omitted)).toBe(ended);
  const { sample, map, combine, reduce } = view.durations;
  const committed = view.ended.filter(({ outcome }) => outcome === "committed");
  expect(committed.reduce((sum, { count }) => sum + count, 0)).toBe(
    sample.count + map.count + (combine?.count ?? 0) + reduce.count,
  );
}
