/**
 * The protocol between coordinator and workers: every method with the schema of its params and of its result.
 *
 * It is JSON-RPC 2.0, one message a line, in both directions over one connection. Only the control plane travels here:
 * which task to run, where its data is, how it ended. No record of the job ever does.
 */
import * as v from "valibot";
import { recordKinds } from "../app/input-kinds.js";
import { isNeed, needsMax } from "../app/needs.js";
import { compressions } from "../input/compression.js";
import { encodings } from "../input/text-encoding.js";
import { sideNamePattern } from "../output/names.js";
import { isWriterExtension, outputFormats } from "../output/output-format.js";
import { textKeyEnds } from "../output/text-key-end.js";
import {
  argNameCharactersMax,
  argNamesMax,
  counterCharactersMax,
  counterMax,
  countersMax,
  outputCharactersMax,
  sampledKeysMax,
  sampledKeyUnitsMax,
  sideFilesMax,
  warningCharactersMax,
  warningsMax,
} from "./attempt-limits.js";

/** Raised by one with every change after which an older worker and a newer coordinator cannot work together. */
export const protocolVersion = 5;

/** A line longer than this is refused. What may be longer, the inputs of a reduce task, is asked for in pages. */
export const messageBytesMax = 4 * 1024 * 1024;

/** A whole number from 0 on. */
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const workerId = v.pipe(v.string(), v.minLength(1), v.maxLength(100));
const recordKind = v.picklist(recordKinds);
export const args = v.record(v.string(), v.string());

const argName = v.pipe(v.string(), v.maxLength(argNameCharactersMax));

/** Which values of `--arg` an attempt has read, and which it has looked for in vain; left out when the job has none. */
export const argUse = v.strictObject({
  read: v.array(v.string()),
  missed: v.pipe(v.array(argName), v.maxLength(argNamesMax)),
});

/** Which app a worker runs. Two apps are the same when their content is. */
export const appIdentity = v.strictObject({
  /** File name, for people. */
  name: v.string(),
  /** SHA-256 of the module's file, in hexadecimal. */
  hash: v.string(),
  /** What one call of its `map` is given. */
  input: recordKind,
  /** True when it has a `partition` of its own; left out otherwise. */
  ownPartition: v.optional(v.literal(true)),
  /** It has no reduce, so that it can only run in a job without reduce tasks. */
  isMapOnly: v.optional(v.literal(true)),
  /** Of the files that its own writer makes, if it has one. */
  extension: v.optional(v.pipe(v.string(), v.check(isWriterExtension))),
  /** What it cannot do without, such as `--arg pattern=REGEX`. */
  needs: v.optional(v.pipe(v.array(v.pipe(v.string(), v.check(isNeed))), v.maxLength(needsMax))),
  /** The names of `--arg` that it reads, if it says. */
  args: v.optional(v.pipe(v.array(argName), v.maxLength(argNamesMax + needsMax))),
});

/** What output files are written as: see `output/output-format.ts`. */
export const outputSettings = v.strictObject({
  format: v.optional(v.picklist(outputFormats)),
  formatIsDefault: v.optional(v.literal(true)),
  compress: v.optional(v.literal("gz")),
});

/** How keys are spread over the reduce tasks: by a hash, or in ranges of their order. */
export const partitioner = v.picklist(["hash", "range"]);

const boundary = v.pipe(v.string(), v.maxLength(sampledKeyUnitsMax));
export const sampledKeys = v.pipe(v.array(boundary), v.maxLength(sampledKeysMax));

/** Names one attempt of one task. */
export const attemptRef = v.strictObject({
  kind: v.picklist(["sample", "map", "reduce"]),
  /** Number of the task, among those of its kind from 0 on: of its split, or of its partition. */
  task: count,
  /** 1 for the first attempt of the task. */
  attempt: v.pipe(count, v.minValue(1)),
});

/** What tells whether a file is still what it was: see `input/file-state.ts`. */
const fileState = {
  sizeBytes: count,
  /** When it was last changed, in milliseconds since 1970. */
  modifiedMs: v.number(),
  statusChangedMs: v.number(),
  inode: v.string(),
  /** CRC-32 of its beginning and its end. */
  edges: v.pipe(count, v.maxValue(0xffffffff)),
};

export const split = v.strictObject({
  /** The file name as given on the command line: the key that `map` sees. */
  file: v.string(),
  /** Where to open it. */
  path: v.string(),
  /** First byte of the split. */
  startBytes: count,
  /** One past the last byte of the split. */
  endBytes: count,
  /** How the file is compressed, if it is: then it is a split as a whole, and its places are those in what comes out. */
  compression: v.optional(v.picklist(compressions)),
  /** The encoding of a text that is not UTF-8: then, too, it is a split as a whole, and its places are those in UTF-8. */
  encoding: v.optional(v.picklist(encodings)),
  /** What the file was when the job was planned, and must still be; left out of files that are the engine's own. */
  planned: v.optional(v.strictObject(fileState)),
});

/** A file that an app may read, and what tells whether it is still the same. */
const sharedFile = v.strictObject({
  /** As the app calls it. */
  name: v.string(),
  /** Absolute. */
  path: v.string(),
  ...fileState,
});

export const checksum = v.pipe(count, v.maxValue(0xffffffff));

/** Of an output file in `text`: where its keys end. */
export const textKeyEnd = v.picklist(textKeyEnds);

/**
 * What a map attempt made for one partition: partition, length in bytes, CRC-32 of the whole file. Partitions to which a map
 * gave no pair have no entry. There are millions of these in a large job, hence a tuple. No path travels: whoever
 * shares the job's directory knows where the file of an attempt is, and nobody can name another one.
 */
export const outputFile = v.tuple([count, v.pipe(count, v.minValue(1)), checksum]);

/** The side files that an attempt made: the name that the app gave, length in bytes. */
export const sideFiles = v.pipe(
  v.array(v.tuple([v.pipe(v.string(), v.regex(sideNamePattern)), count])),
  v.maxLength(sideFilesMax),
);

/** What the user must be told of an attempt that succeeded, such as bytes of a file that it ignored. */
export const warnings = v.pipe(
  v.array(v.pipe(v.string(), v.maxLength(warningCharactersMax))),
  v.maxLength(warningsMax),
);

/** An input of a reduce task: number of the map task, number of its attempt, length in bytes, CRC-32. */
const reduceInput = v.tuple([count, v.pipe(count, v.minValue(1)), count, checksum]);

/** How a job has ended. `stopped`: before its time, in good order, so that it can be resumed. */
const jobOutcome = v.picklist(["done", "failed", "stopped"]);

/** What a worker is to do next. */
const assignment = v.variant("type", [
  /** To map a few records from each of these pieces of the input, and to say which keys they give. */
  v.strictObject({ type: v.literal("sample"), ref: attemptRef, places: v.array(split) }),
  v.strictObject({
    type: v.literal("map"),
    ref: attemptRef,
    split,
    /** Where the records begin that are not to be mapped, since they have ended attempts before. */
    skip: v.array(count),
    /** Whether to keep on the disk which record is being mapped, for when the whole process dies of it. */
    marksRecords: v.boolean(),
  }),
  /** Its inputs are asked for with `ListInputs`. */
  v.strictObject({ type: v.literal("reduce"), ref: attemptRef }),
  /** Nothing right now: ask with `RequestTask`, whose reply waits until there is something. */
  v.strictObject({ type: v.literal("wait") }),
  /** The job has ended: leave. */
  v.strictObject({ type: v.literal("exit"), outcome: jobOutcome }),
]);

export const attemptMeasures = {
  /** Records given to `map`, or values given to `reduce`. */
  recordsIn: count,
  /** Pairs emitted by `map`, or records written by `reduce`. */
  recordsOut: count,
  bytesIn: count,
  bytesOut: count,
  /** Distinct keys: those in the files of a map attempt, or those that were reduced. */
  keys: count,
  /** How often the pairs of a map attempt were spilled to the disk, merging included, and how many bytes that were. */
  spills: count,
  spilledBytes: count,
  /** The app's own counters: name and count. Pairs, since any name is allowed, `__proto__` included. */
  counters: v.array(v.tuple([v.string(), v.number()])),
};

const counterName = v.pipe(v.string(), v.maxLength(counterCharactersMax));
const counterNumber = v.pipe(v.number(), v.minValue(-counterMax), v.maxValue(counterMax));

/** A record of a split, by its place: where it begins and where it ends in the file, in bytes. */
export const recordPlace = v.strictObject({ offset: count, endOffset: count });

/** How an attempt ended. */
const attemptOutcome = v.variant("type", [
  v.strictObject({
    type: v.literal("done"),
    outputs: v.array(outputFile),
    /** The records that were not mapped, as the assignment said. */
    skipped: v.array(recordPlace),
    /** What a sample task has found: some of the keys that `map` emitted, in no order. */
    sampled: v.optional(sampledKeys),
    sideFiles,
    /** Left out when there are none. */
    warnings: v.optional(warnings),
    argUse: v.optional(argUse),
    /** CRC-32 of the output file, of `bytesOut` bytes; of a map only when the job has no reduce tasks. */
    checksum: v.optional(checksum),
    textKeyEnd: v.optional(textKeyEnd),
    ...attemptMeasures,
    counters: v.pipe(v.array(v.tuple([counterName, counterNumber])), v.maxLength(countersMax)),
  }),
  v.strictObject({
    type: v.literal("failed"),
    /**
     * What happened, which decides what the coordinator does about it; see `coordinator/core/losses.ts`. `error`: the app
     * threw. `timeout`: it finished no record for the attempt timeout. `memory`: its thread ran out of memory. `io`: a file
     * could not be read or written. `crash`: the thread or process ended in the middle. `damaged`: a file of a map
     * attempt is not what it was. `released`: its worker is told to leave. `fatal`: no retry can help.
     */
    class: v.picklist(["error", "timeout", "memory", "io", "crash", "damaged", "released", "fatal"]),
    argUse: v.optional(argUse),
    message: v.string(),
    stack: v.optional(v.string()),
    /** Where the record begins that was being mapped. */
    record: v.optional(count),
    /** The last that it has written to standard output and error. */
    output: v.optional(v.pipe(v.string(), v.maxLength(outputCharactersMax))),
    /** Whose files are damaged: map task and attempt. */
    damaged: v.optional(v.array(v.tuple([count, v.pipe(count, v.minValue(1))]))),
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
  phase: v.picklist(["waiting", "map", "reduce", "done", "failed", "stopped"]),
  app: v.optional(appIdentity),
  maps: taskCounts,
  reduces: taskCounts,
  /** Those that are connected. */
  workers: v.array(workerState),
  attempts: v.strictObject({
    failed: count,
    crashed: count,
    backup: count,
    /** Backup attempts that committed before the attempt they were to back up. */
    backupWon: count,
    /** How much longer the attempts that lost against them would have taken, by how far they were. */
    backupSavedMs: count,
  }),
  /** Finished map tasks that had to run again, since their files were damaged or gone. */
  mapsLost: count,
  /** Bad records that are left out. */
  recordsSkipped: count,
  /** What committed attempts warned of, each text once, and how many more warnings there were. */
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
  /** Worker → coordinator: hello. Refused when app, args or protocol differ from the job's. */
  Register: {
    params: v.strictObject({
      protocol: count,
      pid: count,
      host: v.string(),
      app: appIdentity,
      /** The worker's own `--arg` values; left out when it has none and takes the job's. */
      args: v.optional(args),
      /** Who it was before it lost its connection, and the attempt that it still has, if any. */
      former: v.optional(
        v.strictObject({ job: v.string(), worker: workerId, token: v.string(), attempt: v.optional(attemptRef) }),
      ),
    }),
    result: v.strictObject({
      worker: workerId,
      /** Proves, after a restart of the coordinator, that it was this worker. */
      token: v.string(),
      /** Whether the attempt that it still has is its own as before. If not, it is to be given up. */
      keepsAttempt: v.boolean(),
      job: v.strictObject({
        id: v.string(),
        /** With none, each map task writes an output file. */
        reducers: count,
        output: outputSettings,
        /** With `range` the boundaries are asked for with `ListBoundaries`. */
        partitioner,
        /** Where intermediate and output files go. */
        directory: v.string(),
        /** What the names of intermediate files begin with; not empty where those of an earlier job were kept. */
        intermediatePrefix: v.string(),
        args,
        files: v.array(sharedFile),
        /** How much memory the pairs of a map attempt may take before they are spilled. */
        collectorBytes: v.pipe(count, v.minValue(1)),
        /** Whether map attempts look if `combine` changes what `reduce` gives; left out when they do not. */
        checksCombine: v.optional(v.literal(true)),
        taskTimeoutMs: v.pipe(v.number(), v.minValue(1)),
        /** An attempt that finishes no record for so long is ended; left out when it may take any time. */
        attemptTimeoutMs: v.optional(v.pipe(v.number(), v.minValue(1))),
        heartbeatIntervalMs: v.pipe(v.number(), v.minValue(1)),
      }),
    }),
  },
  /** Worker → coordinator: a long poll. The reply waits until there is work or the job has ended. */
  RequestTask: { params: v.strictObject({ worker: workerId }), result: assignment },
  /**
   * Worker → coordinator: the inputs of the reduce attempt that it runs, in the order of the map tasks, those of map task
   * `from` and after. The result is a page of them; `next` is the `from` of the next page, if there is one. `stale` when
   * the attempt was revoked or an input has been lost meanwhile: then there is nothing to be read.
   */
  ListInputs: {
    params: v.strictObject({ worker: workerId, ref: attemptRef, from: count }),
    result: v.variant("type", [
      v.strictObject({ type: v.literal("page"), inputs: v.array(reduceInput), next: v.optional(count) }),
      v.strictObject({ type: v.literal("stale") }),
    ]),
  },
  /**
   * Worker → coordinator, of a job with partitions in ranges: the keys at which partitions 1, 2, … begin, in their order,
   * from number `from` on; asked for by who has a map task. The result is a page of them; `next` is the `from` of the next.
   */
  ListBoundaries: {
    params: v.strictObject({ worker: workerId, from: count }),
    result: v.strictObject({ boundaries: v.array(boundary), next: v.optional(count) }),
  },
  /** Worker → coordinator: may this attempt make its output the task's output? Yes to exactly one attempt of a task. */
  MayCommit: {
    params: v.strictObject({ worker: workerId, ref: attemptRef }),
    result: v.strictObject({ granted: v.boolean() }),
  },
  /**
   * Worker → coordinator: an attempt has ended. `accepted` is false when it had been revoked before. One that is
   * `leaving` is given no other task.
   */
  NotifyTaskCompletion: {
    params: v.strictObject({ worker: workerId, ref: attemptRef, outcome: attemptOutcome, leaving: v.boolean() }),
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
export type ReduceInput = v.InferOutput<typeof reduceInput>;
export type SharedFile = v.InferOutput<typeof sharedFile>;
export type SideFiles = v.InferOutput<typeof sideFiles>;
export type Snapshot = v.InferOutput<typeof snapshot>;
export type Split = v.InferOutput<typeof split>;
