/**
 * The protocol between coordinator and workers: every method with the schema of its params and of its result.
 *
 * It is JSON-RPC 2.0, one message a line, in both directions over one connection. Only the control plane travels here:
 * which task to run, where its data is, how it ended. No record of the job ever does.
 */
import * as v from "valibot";

/** Raised by one with every change after which an older worker and a newer coordinator cannot work together. */
export const protocolVersion = 2;

/** A line longer than this is refused; a reduce task over 100,000 map outputs still fits. */
export const messageBytesMax = 16 * 1024 * 1024;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const workerId = v.pipe(v.string(), v.minLength(1), v.maxLength(100));
const inputKind = v.picklist(["file", "text", "lines", "jsonl", "csv"]);
const args = v.record(v.string(), v.string());

/** Which app a worker runs. Two apps are the same when their content is. */
const appIdentity = v.strictObject({
  /** File name, for people. */
  name: v.string(),
  /** SHA-256 of the module's file, in hexadecimal. */
  hash: v.string(),
  input: inputKind,
});

/** Names one attempt of one task. */
const attemptRef = v.strictObject({
  kind: v.picklist(["map", "reduce"]),
  /** Number of the task: 0 … splits − 1, or 0 … reducers − 1. */
  task: count,
  /** 1 for the first attempt of the task. */
  attempt: v.pipe(count, v.minValue(1)),
});

const split = v.strictObject({
  /** The file name as given on the command line: the key that `map` sees. */
  file: v.string(),
  /** Where to open it. */
  path: v.string(),
  /** First byte of the split. */
  startBytes: count,
  /** One past the last byte of the split. */
  endBytes: count,
});

/** A finished file. `location` means something to the workers only; the scheduler hands it on unread. */
const storedFile = v.strictObject({
  location: v.string(),
  bytes: count,
  /** CRC-32 of the whole file. */
  checksum: count,
});

/** What a map attempt made for one reduce task; partitions that got no pair have no entry. */
const mapOutput = v.strictObject({ ...storedFile.entries, partition: count });

/** What a worker is to do next. */
const assignment = v.variant("type", [
  v.strictObject({ type: v.literal("map"), ref: attemptRef, split }),
  v.strictObject({ type: v.literal("reduce"), ref: attemptRef, inputs: v.array(storedFile) }),
  /** Nothing right now: ask with `RequestTask`, whose reply waits until there is something. */
  v.strictObject({ type: v.literal("wait") }),
  /** The job has ended: leave. */
  v.strictObject({ type: v.literal("exit"), outcome: v.picklist(["done", "failed"]) }),
]);

const attemptMeasures = {
  /** Records given to `map`, or values given to `reduce`. */
  recordsIn: count,
  /** Pairs emitted by `map`, or lines written by `reduce`. */
  recordsOut: count,
  bytesIn: count,
  bytesOut: count,
  /** The app's own counters: name and count. Pairs, since any name is allowed, `__proto__` included. */
  counters: v.array(v.tuple([v.string(), v.number()])),
};

/** How an attempt ended. */
const attemptOutcome = v.variant("type", [
  v.strictObject({ type: v.literal("done"), outputs: v.array(mapOutput), ...attemptMeasures }),
  v.strictObject({
    type: v.literal("failed"),
    /**
     * What the coordinator does about it: `error`, the app threw: try again a few times. `crash`, the thread ended in
     * the middle: try again many times. `fatal`, no retry can help: the job has failed.
     */
    class: v.picklist(["error", "crash", "fatal"]),
    message: v.string(),
    stack: v.optional(v.string()),
  }),
]);

const taskCounts = v.strictObject({ total: count, idle: count, inProgress: count, completed: count });

/** A connected worker, as it was when it was last heard. */
const workerState = v.strictObject({
  id: workerId,
  pid: count,
  host: v.string(),
  /** Nothing was heard for the task timeout: it is presumed dead and gets no task. */
  isSilent: v.boolean(),
  /** Resident memory of its process. */
  memoryBytes: count,
  /** What it runs, for how long, and how far it is. */
  running: v.optional(
    v.strictObject({ ref: attemptRef, records: count, bytes: count, elapsedMs: v.pipe(v.number(), v.minValue(0)) }),
  ),
});

/** The state of the job, as progress bar and reports show it. */
const snapshot = v.strictObject({
  phase: v.picklist(["waiting", "map", "reduce", "done", "failed"]),
  app: v.optional(appIdentity),
  maps: taskCounts,
  reduces: taskCounts,
  /** Those that are connected. */
  workers: v.array(workerState),
  attempts: v.strictObject({ failed: count, crashed: count, backup: count }),
  /** Sums over committed attempts. */
  map: v.strictObject(attemptMeasures),
  reduce: v.strictObject(attemptMeasures),
  elapsedMs: v.pipe(v.number(), v.minValue(0)),
  failure: v.optional(v.string()),
});

const nothing = v.strictObject({});

/** Every method: who may call it, its params and its result. */
export const methods = {
  /** Worker → coordinator: hello. Refused when app, args or protocol differ from the job's. */
  Register: {
    params: v.strictObject({
      protocol: count,
      pid: count,
      host: v.string(),
      app: appIdentity,
      /** The worker's own `--arg` values; left out when it has none and takes the job's. */
      args: v.optional(args),
    }),
    result: v.strictObject({
      worker: workerId,
      job: v.strictObject({
        id: v.string(),
        reducers: v.pipe(count, v.minValue(1)),
        /** Where intermediate and output files go. */
        directory: v.string(),
        args,
        /** How much memory the pairs of a map attempt may take before they are spilled. */
        collectorBytes: v.pipe(count, v.minValue(1)),
        taskTimeoutMs: v.pipe(v.number(), v.minValue(1)),
        heartbeatIntervalMs: v.pipe(v.number(), v.minValue(1)),
      }),
    }),
  },
  /** Worker → coordinator: a long poll. The reply waits until there is work or the job has ended. */
  RequestTask: { params: v.strictObject({ worker: workerId }), result: assignment },
  /** Worker → coordinator: may this attempt make its output the task's output? Yes to exactly one attempt of a task. */
  MayCommit: {
    params: v.strictObject({ worker: workerId, ref: attemptRef }),
    result: v.strictObject({ granted: v.boolean() }),
  },
  /** Worker → coordinator: an attempt has ended. `accepted` is false when it had been revoked before. */
  NotifyTaskCompletion: {
    params: v.strictObject({ worker: workerId, ref: attemptRef, outcome: attemptOutcome }),
    result: v.strictObject({ accepted: v.boolean(), next: assignment }),
  },
  /** Worker → coordinator, each second: alive, and this far. The result names attempts to stop. */
  Heartbeat: {
    params: v.strictObject({
      worker: workerId,
      attempts: v.array(v.strictObject({ ref: attemptRef, records: count, bytes: count })),
      /** Resident memory of the worker's process. */
      memoryBytes: count,
    }),
    result: v.strictObject({ cancel: v.array(attemptRef) }),
  },
  /** Anyone → coordinator: how is the job? */
  Status: { params: nothing, result: snapshot },
  /** Coordinator → worker: are you there? */
  Ping: { params: nothing, result: nothing },
  /** Coordinator → worker: stop this attempt and remove its files. */
  CancelTask: { params: v.strictObject({ ref: attemptRef }), result: nothing },
  /** Coordinator → worker: the job has ended; stop what you are doing and leave. */
  Shutdown: { params: v.strictObject({ outcome: v.picklist(["done", "failed"]) }), result: nothing },
} as const;

export type Method = keyof typeof methods;
export type ParamsOf<M extends Method> = v.InferOutput<(typeof methods)[M]["params"]>;
export type ResultOf<M extends Method> = v.InferOutput<(typeof methods)[M]["result"]>;

export type AppIdentity = v.InferOutput<typeof appIdentity>;
export type Assignment = v.InferOutput<typeof assignment>;
export type AttemptOutcome = v.InferOutput<typeof attemptOutcome>;
export type AttemptRef = v.InferOutput<typeof attemptRef>;
export type MapOutput = v.InferOutput<typeof mapOutput>;
export type Snapshot = v.InferOutput<typeof snapshot>;
export type Split = v.InferOutput<typeof split>;
export type StoredFile = v.InferOutput<typeof storedFile>;
