/**
 * All that is to be seen of a job, at one moment: what the status page, `/api/status`, `/metrics` and a kept report are made
 * of. Bounded, however large the job: what is many is merged or cut, and `omitted` says how much is missing.
 *
 * Not to be confused with the snapshot, the small state that travels over the wire. Times are in milliseconds since the job
 * began, unless they are named otherwise.
 */
import * as v from "valibot";

/** Raised by one when a reader of an older view would misread a newer one. */
const jobViewVersion = 1;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const time = v.pipe(v.number(), v.minValue(0));
const kind = v.picklist(["sample", "map", "reduce"]);

const taskCounts = v.strictObject({ total: count, idle: count, inProgress: count, completed: count });

const flow = v.strictObject({ recordsIn: count, recordsOut: count, bytesIn: count, bytesOut: count });

const measures = v.strictObject({
  ...flow.entries,
  /** Distinct keys: in the files of the maps, and given to reduce. */
  keys: count,
  /** Runs that maps have sorted and kept on the disk meanwhile, and their bytes. */
  spills: count,
  spilledBytes: count,
  /** The app's own counters: name and count. */
  counters: v.array(v.tuple([v.string(), v.number()])),
});

const place = { kind, task: count, attempt: count, worker: v.string() };

/** How an attempt ended. `committed`: its output is the task's. `cancelled`: it was taken away from its worker. */
const outcome = v.picklist(["committed", "cancelled", "error", "timeout", "memory", "io", "crash", "damaged", "fatal"]);

/**
 * An attempt that has ended; or several of one worker, one after the other, that are too short to be told apart in a job
 * of this length. These all ended alike, and `task` and `attempt` are those of the first.
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
  /** Nothing was heard of it for the task timeout. */
  isSilent: v.boolean(),
  memoryBytes: count,
  /** Attempts of it that committed, and that were lost. */
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
  /** Where the record begins that was being mapped: the byte, or with an app's own reader the number that this gives it. */
  record: v.optional(count),
  /** The last of what the attempt printed. */
  output: v.optional(v.string()),
});

const slowTask = v.strictObject({ ...place, file: v.optional(v.string()), startMs: time, endMs: time });

/** How long committed attempts took. */
const durations = v.strictObject({
  count,
  totalMs: time,
  /** Within a tenth. */
  medianMs: time,
  maxMs: time,
  /** How many took less than that: milliseconds and count, both growing. */
  buckets: v.array(v.tuple([v.number(), count])),
});

/** What the reduce tasks have to read, as far as the maps are committed. */
const partitions = v.strictObject({
  count,
  totalBytes: count,
  medianBytes: count,
  /** The largest, with their numbers. */
  largest: v.array(v.strictObject({ partition: count, bytes: count })),
  /** So many partitions, one after the other, share an entry of `bytes`, which is the largest of them. */
  perEntry: count,
  bytes: v.array(count),
});

/** What was done until then, by running attempts, too. */
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
  /** What the app declares that a record is, as `lines`; `own` when it has a reader of its own. */
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
  /** None, unless partitions are ranges of keys. */
  samples: taskCounts,
  maps: taskCounts,
  reduces: taskCounts,
  /** Sums over committed attempts. */
  map: measures,
  reduce: measures,
  /** Since this coordinator began, also of tasks that had to run again later: these numbers never fall. */
  processed: v.strictObject({ map: flow, reduce: flow }),
  ended: endedAttempts,
  backups: v.strictObject({ begun: count, won: count, savedMs: time }),
  /** Finished map tasks that had to run again, since their files were damaged or gone. */
  mapsLost: count,
  recordsSkipped: count,
  /** What committed attempts warned of. Reports of earlier versions have none. */
  warnings: v.optional(v.strictObject({ list: v.array(v.string()), omitted: count })),
  workers: v.strictObject({ list: v.array(worker), omitted: count }),
  timeline: v.strictObject({ spans: v.array(span), omitted: count }),
  slowest: v.array(slowTask),
  durations: v.strictObject({ sample: durations, map: durations, reduce: durations }),
  failures: v.strictObject({ list: v.array(failedAttempt), omitted: count }),
  partitions,
  throughput: v.array(sample),
});

export type JobView = v.InferOutput<typeof jobView>;
export type Outcome = v.InferOutput<typeof outcome>;
export type ThroughputSample = v.InferOutput<typeof sample>;
export type DurationsView = v.InferOutput<typeof durations>;
export type WorkerView = v.InferOutput<typeof worker>;
export type SpanView = v.InferOutput<typeof span>;
export type FailedAttemptView = v.InferOutput<typeof failedAttempt>;
