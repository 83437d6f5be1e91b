import fc from "fast-check";
import * as v from "valibot";
import { expect, test } from "vitest";
import type { Cluster as ClusterState } from "../../src/scheduler/cluster/cluster.js";
import type { JobState } from "../../src/scheduler/job/job.js";
import { takeJobView } from "../../src/scheduler/views/job-view.js";
import type { JobSettings } from "../../src/model/job.js";
import { jobView } from "../../src/model/job-view.js";
import { jobSettings } from "../support/job-settings.js";
import { type Move, Cluster } from "./cluster.js";
import { durable } from "./durable.js";

/** Far more than the faults of one run can cause. */
const unlimited = 1_000_000;
const generous = { maxAttempts: unlimited, maxCrashes: unlimited };

/** The possible moves, with their relative frequencies. */
const moveWeights = {
  ...{ join: 1, plan: 1, deliver: 2, react: 2, work: 2, spurt: 1, heartbeat: 1, pass: 1, calm: 2 },
  ...{ disconnect: 1, reconnect: 1, freeze: 1, thaw: 3, leap: 1, fail: 1, repeat: 1, "ask twice": 1, stranger: 1 },
  ...{ damage: 1, leave: 0.5, restart: 0.5 },
};
const endingWeights = { fatal: 0.05, abort: 0.05, drain: 0.05 };

type RandomJob = typeof jobs extends fc.Arbitrary<infer Job> ? Job : never;
type Limits = Pick<JobSettings, "maxAttempts" | "maxCrashes" | "badRecordsMax">;

const jobs = fc.record({
  splitBytes: fc.array(fc.nat(5), { maxLength: 20 }),
  settings: fc.record({
    reducers: fc.nat(8),
    combineBytesMin: fc.constantFrom(0, 100, Infinity),
    partitioner: fc.constantFrom("hash" as const, "range" as const),
    taskTimeoutMs: fc.constantFrom(20, 200, 10_000, 1_000_000),
    backups: fc.constantFrom("none" as const, "after-timeout" as const, "behind-peers" as const),
  }),
  workers: fc.integer({ min: 0, max: 5 }),
  plannedFirst: fc.boolean(),
});

test("whatever goes wrong, a job with generous limits succeeds, and every task commits exactly once", () => {
  fc.assert(
    fc.property(jobs, fc.constantFrom(0, unlimited), moves(moveWeights), (job, badRecordsMax, script) => {
      const cluster = run([{ ...job, limits: { ...generous, badRecordsMax } }], script);
      expect(cluster.ledger.outcomes).toEqual(["done"]);
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
      .map(({ reducers, ...own }) => {
        return { ...job, ...own, plannedFirst: true, settings: { ...job.settings, reducers, combineBytesMin: 0 } };
      }),
  );
  let planned = 0;
  fc.assert(
    fc.property(withCombines, moves(moveWeights), (job, script) => {
      const cluster = run([{ ...job, limits: { ...generous, badRecordsMax: 0 } }], script, () => undefined, finishMaps);
      expect(cluster.ledger.outcomes).toEqual(["done"]);
      if (cluster.jobs.some(({ combines }) => combines.length > 0)) planned += 1;
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
      expect(run([{ ...job, limits: limit }], moved).ledger.isOver).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("at any time, another coordinator would find in the journal all that this one knows", () => {
  fc.assert(
    fc.property(jobs, fc.constantFrom(0, unlimited), moves(moveWeights), (job, badRecordsMax, script) => {
      run([{ ...job, limits: { ...generous, badRecordsMax } }], script, expectRestorable);
    }),
    { numRuns: 30 },
  );
});

test("two jobs in one cluster both end as each would alone, and the workers of one that has ended serve the other", () => {
  const two = fc.tuple(jobs, jobs).map(([first, second]) => {
    return [first, second].map((job) => ({ ...job, limits: { ...generous, badRecordsMax: 0 } }));
  });
  let areBothBusy = 0;
  fc.assert(
    fc.property(two, moves({ ...moveWeights, plan: 2 }), (both, script) => {
      const cluster = run(both, script, ({ jobs: now }) => {
        if (now.every(({ inProgress }) => inProgress.size > 0)) areBothBusy += 1;
      });
      expect(cluster.ledger.outcomes).toEqual(["done", "done"]);
    }),
    { numRuns: 300 },
  );
  expect(areBothBusy).toBeGreaterThan(100);
});

test("of two jobs in one cluster, each ends whether or not the other fails, is aborted or is stopped", () => {
  const limits = fc.record({
    maxAttempts: fc.integer({ min: 1, max: 4 }),
    maxCrashes: fc.integer({ min: 1, max: 5 }),
    badRecordsMax: fc.nat(3),
  });
  const limited = fc.tuple(jobs, limits).map(([job, limit]) => ({ ...job, limits: limit }));
  const whichSucceed = new Set<string>();
  fc.assert(
    fc.property(fc.tuple(limited, limited), moves({ ...moveWeights, ...endingWeights, plan: 2 }), (both, script) => {
      const { ledger } = run(both, script);
      expect(ledger.isOver).toBe(true);
      whichSucceed.add(ledger.outcomes.map((outcome) => outcome === "done").join(" and "));
    }),
    { numRuns: 300 },
  );
  expect([...whichSucceed]).toEqual(expect.arrayContaining(["true and false", "false and true"]));
});

test("at any time, another coordinator would find two jobs in their journals", () => {
  fc.assert(
    fc.property(fc.tuple(jobs, jobs), moves(moveWeights), (both, script) => {
      run(
        both.map((job) => ({ ...job, limits: { ...generous, badRecordsMax: unlimited } })),
        script,
        expectRestorable,
      );
    }),
    { numRuns: 20 },
  );
});

function expectRestorable(cluster: Cluster): void {
  const { jobs: restored } = cluster.restored().state;
  expect([...restored.values()].map(durable)).toEqual(cluster.jobs.map(durable));
}

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
  jobsToRun: readonly (RandomJob & { readonly limits: Limits })[],
  script: readonly Move[],
  afterMove: (cluster: Cluster) => void = () => undefined,
  afterJoin: (cluster: Cluster) => void = () => undefined,
): Cluster {
  const toRun = jobsToRun.map(({ splitBytes, limits, settings }, n) => {
    return { settings: jobSettings({ ...settings, ...limits, id: `job${n}` }), splitBytes };
  });
  const cluster = new Cluster(toRun);
  const rounds = toRun.reduce((sum, job) => sum + 10 * (job.splitBytes.length + 3 + job.settings.reducers) + 50, 0);
  try {
    for (const [n, { plannedFirst }] of jobsToRun.entries()) {
      if (plannedFirst) cluster.move({ type: "plan", who: 0, how: n });
    }
    for (let i = 0; i < (jobsToRun[0]?.workers ?? 0); i++) cluster.move({ type: "join", who: 0, how: 0 });
    afterJoin(cluster);
    for (const move of script) {
      cluster.move(move);
      afterMove(cluster);
    }
    cluster.finish(rounds);
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
  const areMapping = () => cluster.jobs.some(({ phase }) => phase === "map");
  for (let who = 0; areMapping() && who < 1000; who++) cluster.move({ type: "spurt", who, how: 7 });
}

/** The view can show everything that happened, and knows how each attempt ended. */
function expectSeen({ state, jobs: played }: Cluster): void {
  for (const job of played) expectJobSeen(state, job);
}

function expectJobSeen(state: ClusterState, job: JobState): void {
  const endMs = 1e12;
  const view = v.parse(jobView, takeJobView(state, job, endMs, { startedAtEpochMs: 0, throughput: [] }));
  const ended = view.ended.reduce((sum, { count }) => sum + count, 0);
  expect(view.timeline.spans.reduce((sum, { count }) => sum + count, view.timeline.omitted)).toBe(ended);
  const { sample, map, combine, reduce } = view.durations;
  const committed = view.ended.filter(({ outcome }) => outcome === "committed");
  expect(committed.reduce((sum, { count }) => sum + count, 0)).toBe(
    sample.count + map.count + (combine?.count ?? 0) + reduce.count,
  );
}
