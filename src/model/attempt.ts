/** An attempt of a task, and its outcome: what it wrote, or why it failed. */
import * as v from "valibot";
import { argName } from "./app-identity.js";
import {
  argNamesMax,
  atWorkCharactersMax,
  counterCharactersMax,
  counterMax,
  countersMax,
  namedOutputsMax,
  outputCharactersMax,
  sampledKeysMax,
  sampledKeyUnitsMax,
  sideFilesMax,
  skippedFramesCharactersMax,
  skippedMessageCharactersMax,
  skippedPerAttemptMax,
  warningCharactersMax,
  warningsMax,
} from "./attempt-limits.js";
import { textKeyEnds } from "./output-format.js";
import { isDirectoryOfOutput, sideNamePattern } from "./output-names.js";
import { checksum, count, counters } from "./schemas.js";
import { recordPlace } from "./split.js";

/** Identifies one attempt of one task. */
export const attemptRef = v.strictObject({
  kind: v.picklist(["sample", "map", "combine", "reduce"]),
  /** The number of the task among tasks of its kind, from 0: of a map its split, of a reduce its partition. */
  task: count,
  /** 1 for the first attempt of the task. */
  attempt: v.pipe(count, v.minValue(1)),
});

export type AttemptRef = v.InferOutput<typeof attemptRef>;

/**
 * Identifies one attempt among those of several jobs. Messages between a worker and its coordinator do not name the job:
 * they are about the job for which the worker has registered.
 */
export interface JobAttemptRef extends AttemptRef {
  readonly job: string;
}

/** Which values of `--arg` an attempt has read, and which it has looked for in vain; omitted when the job has none. */
export const argUse = v.strictObject({
  read: v.array(v.string()),
  missed: v.pipe(v.array(argName), v.maxLength(argNamesMax)),
});

export type ArgUse = v.InferOutput<typeof argUse>;

/** A key that a sample task reports, or at which a partition begins. */
export const sampledKey = v.pipe(v.string(), v.maxLength(sampledKeyUnitsMax));
export const sampledKeys = v.pipe(v.array(sampledKey), v.maxLength(sampledKeysMax));

/** In an output file in `text`, where the keys end. */
export const textKeyEnd = v.picklist(textKeyEnds);

/**
 * The output of a map or combine attempt for one partition: partition, length in bytes, CRC-32 of the whole file. Partitions
 * without a pair have no entry. A large job has millions of entries, hence a tuple. Messages contain no path: any process
 * that shares the job's directory can derive an attempt's file names, and no peer can name another file.
 */
export const outputFile = v.tuple([count, v.pipe(count, v.minValue(1)), checksum]);

export type OutputFile = v.InferOutput<typeof outputFile>;

/** The side files that an attempt made: the name that the app gave, length in bytes. */
export const sideFiles = v.pipe(
  v.array(v.tuple([v.pipe(v.string(), v.regex(sideNamePattern)), count])),
  v.maxLength(sideFilesMax),
);

export type SideFiles = v.InferOutput<typeof sideFiles>;

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

export type NamedOutputs = v.InferOutput<typeof namedOutputs>;

/** Messages to the user about a successful attempt, such as bytes of a file that it ignored. */
export const warnings = v.pipe(
  v.array(v.pipe(v.string(), v.maxLength(warningCharactersMax))),
  v.maxLength(warningsMax),
);

/** `measures.ts` adds them up. */
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
  /** The app's own counters. */
  counters,
};

const counterName = v.pipe(v.string(), v.maxLength(counterCharactersMax));
const counterNumber = v.pipe(v.number(), v.minValue(-counterMax), v.maxValue(counterMax));

/**
 * Records that an attempt skipped by itself, because `map` threw at them, in the order of its input: where each begins
 * and ends, and the indexes of its error's message and stack frames. The frames may be empty.
 */
export const newlySkipped = v.strictObject({
  messages: v.array(v.pipe(v.string(), v.maxLength(skippedMessageCharactersMax))),
  frames: v.array(v.pipe(v.string(), v.maxLength(skippedFramesCharactersMax))),
  records: v.pipe(v.array(v.tuple([count, count, count, count])), v.maxLength(skippedPerAttemptMax)),
});

export type NewlySkipped = v.InferOutput<typeof newlySkipped>;

/** How an attempt ended. */
export const attemptOutcome = v.variant("type", [
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
     * The class of failure, from which the coordinator decides what to do; see `scheduler/job/losses.ts`. `error`:
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
     * How many records the attempt had already skipped by itself: the record at `record` is bad, but it may skip no more.
     */
    skippedBefore: v.optional(count),
    /** Several records were being mapped, and the one to blame is unknown. */
    severalAtWork: v.optional(v.literal(true)),
    /** The key at which `reduce` threw, or the beginning of the record at which `map` did, for people. */
    atWork: v.optional(v.pipe(v.string(), v.maxLength(atWorkCharactersMax))),
    /** The last output of the attempt to standard output and error. */
    output: v.optional(v.pipe(v.string(), v.maxLength(outputCharactersMax))),
    /** The files that are damaged: number of the file, and attempt that wrote it. */
    damaged: v.optional(v.array(v.tuple([count, v.pipe(count, v.minValue(1))]))),
  }),
]);

export type AttemptOutcome = v.InferOutput<typeof attemptOutcome>;
export type FailureClass = Extract<AttemptOutcome, { type: "failed" }>["class"];

/** How far a running attempt is: the records and bytes that it has read. */
export const attemptProgress = v.strictObject({ ref: attemptRef, records: count, bytes: count });

export type AttemptProgress = v.InferOutput<typeof attemptProgress>;
