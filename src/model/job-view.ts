/**
 * The full view of a job at one moment, from which the status page, `/api/status`, `/metrics` and a kept report are
 * made. Its size is bounded, however large the job: long lists are merged or cut, and `omitted` says how much is
 * missing.
 *
 * Not to be confused with the snapshot, the small state that is sent over the wire. Times are in milliseconds since the
 * job began, unless their names say otherwise.
 */
import * as v from "valibot";
import { attemptMeasures, attemptRef } from "./attempt.js";
import { count } from "./schemas.js";
import { taskCounts } from "./snapshot.js";

/** Incremented when a reader of older views would misread a newer one. */
const jobViewVersion = 1;

const time = v.pipe(v.number(), v.minValue(0));
const { kind } = attemptRef.entries;

const flow = v.strictObject({ recordsIn: count, recordsOut: count, bytesIn: count, bytesOut: count });

const measures = v.strictObject(attemptMeasures);

const place = { kind, task: count, attempt: count, worker: v.string() };

/** How an attempt ended. `committed`: its output is the task's. `cancelled`: it was taken away from its worker. */
const outcome = v.picklist(["committed", "cancelled", "error", "timeout", "memory", "io", "crash", "damaged", "fatal"]);

/**
 * An attempt that has ended, or several consecutive ones of one worker that are too short to tell apart in a job of
 * this length. Merged attempts all ended in the same way, and `task` and `attempt` are the first one's.
 */
const span = v.strictObject({
  ...place,
  count,
  startMs: time,
  endMs: time,
  outcome,
  isBackup: v.boolean(),
  records: count,
  bytes: count,
});

const runningAttempt = v.strictObject({
  kind,
  task: count,
  attempt: count,
  startMs: time,
  isBackup: v.boolean(),
  records: count,
  bytes: count,
});

const worker = v.strictObject({
  id: v.string(),
  pid: count,
  host: v.string(),
  /** It was not heard for the task timeout. */
  isSilent: v.boolean(),
  memoryBytes: count,
  /** How many of its attempts committed, and how many were lost. */
  committed: count,
  lost: count,
  running: v.optional(runningAttempt),
});

const failedAttempt = v.strictObject({
  ...place,
  /** The input file of a map task. */
  file: v.optional(v.string()),
  startMs: time,
  endMs: time,
  outcome,
  message: v.string(),
  stack: v.optional(v.string()),
  /**
   * Where the record that was being mapped begins: a byte offset, or with an app's own reader the number of the record.
   */
  record: v.optional(count),
  /** The last output that the attempt printed. */
  output: v.optional(v.string()),
});

const slowTask = v.strictObject({ ...place, file: v.optional(v.string()), startMs: time, endMs: time });

/** How long committed attempts took. */
const durations = v.strictObject({
  count,
  totalMs: time,
  /** Accurate to a tenth. */
  medianMs: time,
  maxMs: time,
  /** How many took less than each limit: milliseconds and count, both increasing. */
  buckets: v.array(v.tuple([v.number(), count])),
});

/** The input sizes of the reduce tasks, as far as the maps are committed. */
const partitions = v.strictObject({
  count,
  totalBytes: count,
  medianBytes: count,
  /** The largest, with their numbers. */
  largest: v.array(v.strictObject({ partition: count, bytes: count })),
  /** The number of consecutive partitions per entry of `bytes`, which is the largest value among them. */
  perEntry: count,
  bytes: v.array(count),
});

/** Total progress up to that time, including running attempts. */
const sample = v.strictObject({
  atMs: time,
  mapRecords: count,
  mapBytes: count,
  reduceRecords: count,
  reduceBytes: count,
});

const endedAttempts = v.array(v.strictObject({ kind, outcome, count }));

export const jobView = v.strictObject({
  version: v.literal(jobViewVersion),
  job: v.string(),
  app: v.optional(v.string()),
  /** The app's kind of records, such as `lines`; `own` when it has its own reader. */
  input: v.optional(v.string()),
  args: v.array(v.tuple([v.string(), v.string()])),
  directory: v.string(),
  phase: v.picklist(["waiting", "map", "reduce", "done", "failed", "stopped"]),
  /** Milliseconds since 1970. */
  startedAtEpochMs: time,
  elapsedMs: time,
  failure: v.optional(
    v.strictObject({ message: v.string(), stack: v.optional(v.string()), details: v.array(v.string()) }),
  ),
  /** Empty, unless partitions are ranges of keys. */
  samples: taskCounts,
  maps: taskCounts,
  /**
   * Tasks that combine values before a reduce task reads them; usually none. Reports of earlier versions lack this, as
   * they lack `durations.combine` and `combined`.
   */
  combines: v.optional(taskCounts),
  reduces: taskCounts,
  /** Sums over committed attempts. */
  map: measures,
  reduce: measures,
  /** Since this coordinator started, including tasks that had to run again later: these numbers never decrease. */
  processed: v.strictObject({ map: flow, reduce: flow }),
  ended: endedAttempts,
  backups: v.strictObject({ begun: count, won: count, savedMs: time }),
  /** Finished map tasks that had to run again, because their files were damaged or gone. */
  mapsLost: count,
  recordsSkipped: count,
  /** The warnings of committed attempts. Reports of earlier versions have none. */
  warnings: v.optional(v.strictObject({ list: v.array(v.string()), omitted: count })),
  workers: v.strictObject({ list: v.array(worker), omitted: count }),
  timeline: v.strictObject({ spans: v.array(span), omitted: count }),
  slowest: v.array(slowTask),
  durations: v.strictObject({ sample: durations, map: durations, combine: v.optional(durations), reduce: durations }),
  failures: v.strictObject({ list: v.array(failedAttempt), omitted: count }),
  partitions,
  /** The partitions that have combine tasks, their input size, and how many of their combine tasks had a result. */
  combined: v.optional(v.array(v.strictObject({ partition: count, bytes: count, tasks: count }))),
  throughput: v.array(sample),
});

export type JobView = v.InferOutput<typeof jobView>;
export type Outcome = v.InferOutput<typeof outcome>;
export type ThroughputSample = v.InferOutput<typeof sample>;
export type DurationsView = v.InferOutput<typeof durations>;
export type WorkerView = v.InferOutput<typeof worker>;
export type SpanView = v.InferOutput<typeof span>;
export type FailedAttemptView = v.InferOutput<typeof failedAttempt>;
