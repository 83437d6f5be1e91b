/**
 * The protocol between coordinator and workers: every method, with the schemas of its params and its result.
 *
 * It is JSON-RPC 2.0, one message per line, in both directions over one connection. Only the control plane uses it:
 * which task to run, where its data is, how it ended. No record of the job passes through it.
 */
import * as v from "valibot";
import { recordKinds } from "../app/input-kinds.js";
import { isMapConcurrency, isRatePerSecond } from "../app/map-limits.js";
import { isNeed, needsMax } from "../app/needs.js";
import { compressions } from "../input/compression.js";
import { encodings } from "../input/text-encoding.js";
import { sideNamePattern } from "../output/names.js";
import { isDirectoryOfOutput } from "../output/named-output.js";
import { areColumns, isWriterExtension, outputFormats } from "../output/output-format.js";
import { textKeyEnds } from "../output/text-key-end.js";
import {
  argNameCharactersMax,
  argNamesMax,
  atWorkCharactersMax,
  counterCharactersMax,
  counterMax,
  countersMax,
  outputCharactersMax,
  sampledKeysMax,
  sampledKeyUnitsMax,
  namedOutputsMax,
  sideFilesMax,
  skippedFramesCharactersMax,
  skippedMessageCharactersMax,
  skippedPerAttemptMax,
  warningCharactersMax,
  warningsMax,
} from "./attempt-limits.js";
import { splitsPerTaskMax } from "./record-position.js";

/** Incremented with every change that keeps an older worker and a newer coordinator from working together. */
export const protocolVersion = 7;

/** A longer line is rejected. Data that may be longer, such as the inputs of a reduce task, is fetched in pages. */
export const messageBytesMax = 4 * 1024 * 1024;

/** A whole number, 0 or more. */
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const workerId = v.pipe(v.string(), v.minLength(1), v.maxLength(100));
const recordKind = v.picklist(recordKinds);
export const args = v.record(v.string(), v.string());

const argName = v.pipe(v.string(), v.maxLength(argNameCharactersMax));

/** Which values of `--arg` an attempt has read, and which it has looked for in vain; omitted when the job has none. */
export const argUse = v.strictObject({
  read: v.array(v.string()),
  missed: v.pipe(v.array(argName), v.maxLength(argNamesMax)),
});

const ratePerSecond = v.pipe(
  v.number(),
  v.check((n) => isRatePerSecond(n)),
);

/** Calls of `map` that an attempt may begin: the first one after a delay from now on, the others at a fixed distance. */
const startGrant = v.strictObject({
  delayMs: v.pipe(v.number(), v.minValue(0)),
  count: v.pipe(count, v.minValue(1)),
  spacingMs: v.pipe(v.number(), v.minValue(0)),
});

/** How an app's CSV files are written: what the coordinator needs to find where rows begin. */
const csvOptions = v.strictObject({
  delimiter: v.exactOptional(v.string()),
  quote: v.exactOptional(v.union([v.string(), v.literal(false)])),
  escape: v.exactOptional(v.string()),
  comment: v.exactOptional(v.string()),
  trim: v.exactOptional(v.boolean()),
  relaxQuotes: v.exactOptional(v.boolean()),
  /** Set when the app names the columns. The names themselves are not sent: there may be many. */
  columns: v.exactOptional(v.pipe(v.tuple([]), v.readonly())),
  header: v.exactOptional(v.boolean()),
});

/** The layout of output records that an app names: see `output/output-format.ts`. */
const recordLayout = v.strictObject({
  format: v.picklist(outputFormats),
  columns: v.optional(
    v.pipe(
      v.array(v.string()),
      v.check((names: string[]) => areColumns(names)),
    ),
  ),
  values: v.optional(v.literal(true)),
});

/** The app that a worker runs. Two apps are the same when their content is. */
export const appIdentity = v.strictObject({
  /** File name, for display. */
  name: v.string(),
  /** SHA-256 of the module's file, in hexadecimal. */
  hash: v.string(),
  /** The kind of records that its `map` reads; omitted when it declares several inputs. */
  input: v.optional(recordKind),
  /** The app's options for `"csv"`, if it has any. */
  csv: v.optional(csvOptions),
  /** The inputs that it declares, by name. */
  inputs: v.optional(v.record(v.string(), v.strictObject({ input: recordKind, csv: v.optional(csvOptions) }))),
  /** True when the app has its own `partition`; omitted otherwise. */
  ownPartition: v.optional(v.literal(true)),
  /** Set when the app has no reduce function and can only run in a job without reduce tasks. */
  isMapOnly: v.optional(v.literal(true)),
  /** The file extension of the app's own writer, if it has one. */
  extension: v.optional(v.pipe(v.string(), v.check(isWriterExtension))),
  /** The layout of its output records, if it names one. */
  layout: v.optional(recordLayout),
  /** The options it requires, such as `--arg pattern=REGEX`. */
  needs: v.optional(v.pipe(v.array(v.pipe(v.string(), v.check(isNeed))), v.maxLength(needsMax))),
  /** The names of `--arg` that it reads, if it declares them. */
  args: v.optional(v.pipe(v.array(argName), v.maxLength(argNamesMax + needsMax))),
  /** How many calls of its `map` may begin in a second, if it says. */
  ratePerSecond: v.optional(ratePerSecond),
  /** A hash of each export that decides what its map tasks write: see `app/map-side.ts`. */
  mapSide: v.optional(v.record(v.string(), v.string())),
});

/** The format of output files: see `output/output-format.ts`. */
export const outputSettings = v.strictObject({
  format: v.optional(v.picklist(outputFormats)),
  values: v.optional(v.literal(true)),
  formatIsDefault: v.optional(v.literal(true)),
  compress: v.optional(v.literal("gz")),
});

/** How keys are assigned to reduce tasks: by hash or by range. */
export const partitioner = v.picklist(["hash", "range"]);

const boundary = v.pipe(v.string(), v.maxLength(sampledKeyUnitsMax));
export const sampledKeys = v.pipe(v.array(boundary), v.maxLength(sampledKeysMax));

/** Identifies one attempt of one task. */
export const attemptRef = v.strictObject({
  kind: v.picklist(["sample", "map", "reduce"]),
  /** The number of the task among tasks of its kind, from 0: its split or its partition. */
  task: count,
  /** 1 for the first attempt of the task. */
  attempt: v.pipe(count, v.minValue(1)),
});

/** Detects whether a file has changed: see `input/file-state.ts`. */
const fileState = {
  sizeBytes: count,
  /** When it was last modified, in milliseconds since 1970. */
  modifiedMs: v.number(),
  statusChangedMs: v.number(),
  inode: v.string(),
  /** CRC-32 of its beginning and its end. */
  edges: v.pipe(count, v.maxValue(0xffffffff)),
};

export const split = v.strictObject({
  /** The file name as given on the command line, which `map` gets as its key. */
  file: v.string(),
  /** The path to open. */
  path: v.string(),
  /** The input of the app that the file was given for, if the app declares several. */
  input: v.optional(v.string()),
  /** First byte of the split. */
  startBytes: count,
  /** One past the last byte of the split. */
  endBytes: count,
  /**
   * The compression of the file, if any. A compressed file is a single split, with offsets into the decompressed data;
   * but for bzip2, see `blocks` and `input/bzip2-offsets.ts`.
   */
  compression: v.optional(v.picklist(compressions)),
  /** The blocks that begin in the split of a bzip2 file that is cut: see `BlockRange` in `input/bzip2.ts`. */
  blocks: v.optional(v.strictObject({ firstBit: count, number: count, endBit: v.optional(count) })),
  /** The encoding of a text that is not UTF-8. Such a file is a single split, too, with offsets into its UTF-8 form. */
  encoding: v.optional(v.picklist(encodings)),
  /** The state of the file when the job was planned, which it must still have; omitted for the engine's own files. */
  planned: v.optional(v.strictObject(fileState)),
});

/** A file that an app may read, with the state that shows whether it has changed. */
const sharedFile = v.strictObject({
  /** The name that the app uses. */
  name: v.string(),
  /** Absolute. */
  path: v.string(),
  ...fileState,
});

export const checksum = v.pipe(count, v.maxValue(0xffffffff));

/** In an output file in `text`, where the keys end. */
export const textKeyEnd = v.picklist(textKeyEnds);

/**
 * The output of a map attempt for one partition: partition, length in bytes, CRC-32 of the whole file. Partitions
 * without a pair have no entry. A large job has millions of entries, hence a tuple. Messages contain no path: any process
 * that shares the job's directory can derive an attempt's file names, and no peer can name another file.
 */
export const outputFile = v.tuple([count, v.pipe(count, v.minValue(1)), checksum]);

/** The side files that an attempt made: the name that the app gave, length in bytes. */
export const sideFiles = v.pipe(
  v.array(v.tuple([v.pipe(v.string(), v.regex(sideNamePattern)), count])),
  v.maxLength(sideFilesMax),
);

/** The outputs that a reduce attempt made with `ctx.output`: directory, records, bytes, CRC-32, and for `text` where keys end. */
export const namedOutputs = v.pipe(
  v.array(
    v.union([
      v.strictTuple([v.pipe(v.string(), v.check(isDirectoryOfOutput)), count, count, checksum]),
      v.strictTuple([v.pipe(v.string(), v.check(isDirectoryOfOutput)), count, count, checksum, textKeyEnd]),
    ]),
  ),
  v.maxLength(namedOutputsMax),
);

/** Messages to the user about a successful attempt, such as bytes of a file that it ignored. */
export const warnings = v.pipe(
  v.array(v.pipe(v.string(), v.maxLength(warningCharactersMax))),
  v.maxLength(warningsMax),
);

/** An input of a reduce task: number of the map task, number of its attempt, length in bytes, CRC-32. */
const reduceInput = v.tuple([count, v.pipe(count, v.minValue(1)), count, checksum]);

/** How a job ended. `stopped`: early but gracefully, so that it can be resumed. */
const jobOutcome = v.picklist(["done", "failed", "stopped"]);

/** The next assignment of a worker. */
const assignment = v.variant("type", [
  /** Map a few records from each place in the input, and report their keys. */
  v.strictObject({ type: v.literal("sample"), ref: attemptRef, places: v.array(split) }),
  v.strictObject({
    type: v.literal("map"),
    ref: attemptRef,
    splits: v.pipe(v.array(split), v.minLength(1), v.maxLength(splitsPerTaskMax)),
    /** Positions of the bad records to skip, because they ended earlier attempts. */
    skip: v.array(count),
    /** How many more bad records the attempt may skip by itself; absent in a job that skips none. */
    skipsMax: v.optional(count),
    /**
     * Whether to map one record at a time, and to record on disk which one: a record may kill the whole process, or an
     * attempt has ended while several records were in flight.
     */
    marksRecords: v.boolean(),
  }),
  /** The worker fetches the inputs with `ListInputs`. */
  v.strictObject({ type: v.literal("reduce"), ref: attemptRef }),
  /** Nothing to do now: call `RequestTask`, whose reply waits until there is a task. */
  v.strictObject({ type: v.literal("wait") }),
  /** The job has ended: exit. */
  v.strictObject({ type: v.literal("exit"), outcome: jobOutcome }),
]);

export const attemptMeasures = {
  /** Records given to `map`, or values given to `reduce`. */
  recordsIn: count,
  /** Pairs emitted by `map`, or records written by `reduce`. */
  recordsOut: count,
  bytesIn: count,
  bytesOut: count,
  /** Distinct keys: in the files of a map attempt, or given to `reduce`. */
  keys: count,
  /** How often the pairs of a map attempt were spilled to disk, including merges, and how many bytes that took. */
  spills: count,
  spilledBytes: count,
  /** The app's own counters: name and count. Pairs, because any name is allowed, even `__proto__`. */
  counters: v.array(v.tuple([v.string(), v.number()])),
};

const counterName = v.pipe(v.string(), v.maxLength(counterCharactersMax));
const counterNumber = v.pipe(v.number(), v.minValue(-counterMax), v.maxValue(counterMax));

/** Where a record of a map task begins and ends: see `record-position.ts`. */
export const recordPlace = v.strictObject({ offset: count, endOffset: count });

/**
 * Records that an attempt skipped by itself, because `map` threw at them, in the order of its input: where each begins
 * and ends, and which of the messages and of the stack frames are those of its error. The frames may be empty.
 */
export const newlySkipped = v.strictObject({
  messages: v.array(v.pipe(v.string(), v.maxLength(skippedMessageCharactersMax))),
  frames: v.array(v.pipe(v.string(), v.maxLength(skippedFramesCharactersMax))),
  records: v.pipe(v.array(v.tuple([count, count, count, count])), v.maxLength(skippedPerAttemptMax)),
});

/** How an attempt ended. */
const attemptOutcome = v.variant("type", [
  v.strictObject({
    type: v.literal("done"),
    outputs: v.array(outputFile),
    /** The records that were skipped as assigned. */
    skipped: v.array(recordPlace),
    newlySkipped: v.optional(newlySkipped),
    /** The result of a sample task: some of the keys that `map` emitted, in no order. */
    sampled: v.optional(sampledKeys),
    sideFiles,
    /** Omitted when empty. */
    namedOutputs: v.optional(namedOutputs),
    /** Omitted when empty. */
    warnings: v.optional(warnings),
    argUse: v.optional(argUse),
    /** CRC-32 of the output file, which has the bytes of `bytesOut` that are in no named output. For a map task, only in a job without reduce tasks. */
    checksum: v.optional(checksum),
    textKeyEnd: v.optional(textKeyEnd),
    ...attemptMeasures,
    counters: v.pipe(v.array(v.tuple([counterName, counterNumber])), v.maxLength(countersMax)),
  }),
  v.strictObject({
    type: v.literal("failed"),
    /**
     * The class of failure, from which the coordinator decides what to do; see `coordinator/core/losses.ts`. `error`:
     * the app threw. `timeout`: it finished no record for the attempt timeout. `memory`: its thread ran out of memory.
     * `io`: a file could not be read or written. `crash`: the thread or process died. `damaged`: a file of a map
     * attempt has changed. `released`: its worker was told to leave. `fatal`: no retry can help.
     */
    class: v.picklist(["error", "timeout", "memory", "io", "crash", "damaged", "released", "fatal"]),
    argUse: v.optional(argUse),
    message: v.string(),
    stack: v.optional(v.string()),
    /** Position of the record that was being mapped: see `record-position.ts`. */
    record: v.optional(count),
    /**
     * The record at `record` is bad, but the attempt had already skipped so many by itself, and may skip no more.
     */
    skippedBefore: v.optional(count),
    /** Several records were being mapped, and the one to blame is unknown. */
    severalAtWork: v.optional(v.literal(true)),
    /** The key at which `reduce` threw, or the beginning of the record at which `map` did, for people. */
    atWork: v.optional(v.pipe(v.string(), v.maxLength(atWorkCharactersMax))),
    /** The last output of the attempt to standard output and error. */
    output: v.optional(v.pipe(v.string(), v.maxLength(outputCharactersMax))),
    /** The map attempts whose files are damaged: task and attempt. */
    damaged: v.optional(v.array(v.tuple([count, v.pipe(count, v.minValue(1))]))),
  }),
]);

const taskCounts = v.strictObject({ total: count, idle: count, inProgress: count, completed: count });

/** The last reported state of a connected worker. */
const workerState = v.strictObject({
  id: workerId,
  pid: count,
  host: v.string(),
  /** The worker sent nothing for the task timeout: it is presumed dead and gets no task. */
  isSilent: v.boolean(),
  /** Resident memory of its process. */
  memoryBytes: count,
  /** The attempt it runs, for how long, and its progress. */
  running: v.optional(
    v.strictObject({ ref: attemptRef, records: count, bytes: count, elapsedMs: v.pipe(v.number(), v.minValue(0)) }),
  ),
});

/** The state of the job, as shown by the progress bar and reports. */
const snapshot = v.strictObject({
  phase: v.picklist(["waiting", "map", "reduce", "done", "failed", "stopped"]),
  app: v.optional(appIdentity),
  maps: taskCounts,
  reduces: taskCounts,
  /** The connected workers. */
  workers: v.array(workerState),
  attempts: v.strictObject({
    failed: count,
    crashed: count,
    backup: count,
    /** Backup attempts that committed before the attempts they backed up. */
    backupWon: count,
    /** How much longer the attempts that lost to them would have taken, estimated from their progress. */
    backupSavedMs: count,
  }),
  /** Finished map tasks that had to run again, because their files were damaged or gone. */
  mapsLost: count,
  /** Bad records that were skipped. */
  recordsSkipped: count,
  /** The warnings of committed attempts, each text once, and the number of further warnings. */
  warnings: v.strictObject({ list: v.array(v.string()), omitted: count }),
  /** Sums over committed attempts. */
  map: v.strictObject(attemptMeasures),
  reduce: v.strictObject(attemptMeasures),
  elapsedMs: v.pipe(v.number(), v.minValue(0)),
  failure: v.optional(v.string()),
});

const nothing = v.strictObject({});

/** Every method: who may call it, its params and its result. */
export const methods = {
  /** Worker → coordinator: registration. Rejected if app, args or protocol differ from the job's. */
  Register: {
    params: v.strictObject({
      protocol: count,
      pid: count,
      host: v.string(),
      app: appIdentity,
      /** The worker's own `--arg` values; omitted when it has none and takes the job's. */
      args: v.optional(args),
      /** The worker's identity before it lost its connection, and the attempt that it still holds, if any. */
      former: v.optional(
        v.strictObject({ job: v.string(), worker: workerId, token: v.string(), attempt: v.optional(attemptRef) }),
      ),
    }),
    result: v.strictObject({
      worker: workerId,
      /** Proves to a restarted coordinator that it was this worker. */
      token: v.string(),
      /** Whether the worker keeps the attempt that it still holds. If not, it must give the attempt up. */
      keepsAttempt: v.boolean(),
      job: v.strictObject({
        id: v.string(),
        /** With 0, each map task writes an output file. */
        reducers: count,
        output: outputSettings,
        /** With `range`, the worker fetches the boundaries with `ListBoundaries`. */
        partitioner,
        /** The directory of intermediate and output files. */
        directory: v.string(),
        /** The name prefix of intermediate files; not empty if an earlier job's files were kept. */
        intermediatePrefix: v.string(),
        args,
        files: v.array(sharedFile),
        /** In a pipeline, the totals of the counters of each earlier step; omitted when there is none. */
        earlierCounters: v.optional(v.array(v.array(v.tuple([v.string(), v.number()])))),
        /** How much memory the pairs of a map attempt may take before they are spilled. */
        collectorBytes: v.pipe(count, v.minValue(1)),
        /**
         * Whether map attempts check that `combine` does not change the result of `reduce`; omitted when they do not.
         */
        checksCombine: v.optional(v.literal(true)),
        /** How many records of a map attempt may be in flight, whatever the app says; left out when the app decides. */
        mapConcurrency: v.optional(
          v.pipe(
            v.number(),
            v.check((n) => isMapConcurrency(n)),
          ),
        ),
        /** How many calls of `map` may begin in a second in the whole job; left out when the app decides. */
        ratePerSecond: v.optional(ratePerSecond),
        taskTimeoutMs: v.pipe(v.number(), v.minValue(1)),
        /** An attempt that finishes no record for this long is ended; omitted when it may take any time. */
        attemptTimeoutMs: v.optional(v.pipe(v.number(), v.minValue(1))),
        heartbeatIntervalMs: v.pipe(v.number(), v.minValue(1)),
      }),
    }),
  },
  /** Worker → coordinator: a long poll. The reply waits until there is work or the job has ended. */
  RequestTask: { params: v.strictObject({ worker: workerId }), result: assignment },
  /**
   * Worker → coordinator: fetches the inputs of the reduce attempt that the worker runs, ordered by map task, starting
   * with map task `from`. The result is a page; `next` is the `from` of the next page, if any. `stale` means that the
   * attempt was revoked or an input was lost meanwhile: there is nothing to read.
   */
  ListInputs: {
    params: v.strictObject({ worker: workerId, ref: attemptRef, from: count }),
    result: v.variant("type", [
      v.strictObject({ type: v.literal("page"), inputs: v.array(reduceInput), next: v.optional(count) }),
      v.strictObject({ type: v.literal("stale") }),
    ]),
  },
  /**
   * Worker → coordinator: in a job with range partitions, a worker that has a map task fetches the keys at which
   * partitions 1, 2, … begin, in order, starting with number `from`. The result is a page; `next` is the `from` of the
   * next page.
   */
  ListBoundaries: {
    params: v.strictObject({ worker: workerId, from: count }),
    result: v.strictObject({ boundaries: v.array(boundary), next: v.optional(count) }),
  },
  /** Worker → coordinator, in a job with a rate: reserves the next call of `map` for an attempt, and up to `wanted` calls. */
  RequestStarts: {
    params: v.strictObject({ worker: workerId, wanted: v.pipe(count, v.minValue(1)) }),
    result: startGrant,
  },
  /**
   * Worker → coordinator: may this attempt make its output the task's output? Granted to exactly one attempt of a task.
   */
  MayCommit: {
    params: v.strictObject({ worker: workerId, ref: attemptRef }),
    result: v.strictObject({ granted: v.boolean() }),
  },
  /**
   * Worker → coordinator: an attempt has ended. `accepted` is false if it had been revoked before. A `leaving` worker
   * gets no other task.
   */
  NotifyTaskCompletion: {
    params: v.strictObject({ worker: workerId, ref: attemptRef, outcome: attemptOutcome, leaving: v.boolean() }),
    result: v.strictObject({ accepted: v.boolean(), next: assignment }),
  },
  /** Worker → coordinator, every second: alive, with progress. The result names attempts to stop. */
  Heartbeat: {
    params: v.strictObject({
      worker: workerId,
      attempts: v.array(v.strictObject({ ref: attemptRef, records: count, bytes: count })),
      /** Resident memory of the worker's process. */
      memoryBytes: count,
    }),
    result: v.strictObject({ cancel: v.array(attemptRef) }),
  },
  /** Anyone → coordinator: requests the state of the job. */
  Status: { params: nothing, result: snapshot },
  /** Coordinator → worker: checks that the worker responds. */
  Ping: { params: nothing, result: nothing },
  /** Coordinator → worker: stop this attempt and remove its files. */
  CancelTask: { params: v.strictObject({ ref: attemptRef }), result: nothing },
  /** Coordinator → worker: the job has ended; stop all work and exit. */
  Shutdown: { params: v.strictObject({ outcome: jobOutcome }), result: nothing },
} as const;

export type Method = keyof typeof methods;
export type ParamsOf<M extends Method> = v.InferOutput<(typeof methods)[M]["params"]>;
export type ResultOf<M extends Method> = v.InferOutput<(typeof methods)[M]["result"]>;

export type ArgUse = v.InferOutput<typeof argUse>;
export type AppIdentity = v.InferOutput<typeof appIdentity>;
export type Assignment = v.InferOutput<typeof assignment>;
export type AttemptOutcome = v.InferOutput<typeof attemptOutcome>;
export type FailureClass = Extract<AttemptOutcome, { type: "failed" }>["class"];
export type AttemptRef = v.InferOutput<typeof attemptRef>;
export type JobOutcome = v.InferOutput<typeof jobOutcome>;
export type Partitioner = v.InferOutput<typeof partitioner>;
export type OutputFile = v.InferOutput<typeof outputFile>;
export type RecordPlace = v.InferOutput<typeof recordPlace>;
export type NewlySkipped = v.InferOutput<typeof newlySkipped>;
export type ReduceInput = v.InferOutput<typeof reduceInput>;
export type SharedFile = v.InferOutput<typeof sharedFile>;
export type StartGrant = v.InferOutput<typeof startGrant>;
export type NamedOutputs = v.InferOutput<typeof namedOutputs>;
export type SideFiles = v.InferOutput<typeof sideFiles>;
export type Snapshot = v.InferOutput<typeof snapshot>;
export type Split = v.InferOutput<typeof split>;
