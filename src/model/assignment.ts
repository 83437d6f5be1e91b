/** What the coordinator assigns to a worker, and the lists that belong to an assignment. */
import * as v from "valibot";
import { attemptRef, sampledKey } from "./attempt.js";
import { jobOutcome } from "./job.js";
import { splitsPerTaskMax } from "./record-position.js";
import { checksum, count } from "./schemas.js";
import { split } from "./split.js";

/** The next assignment of a worker. */
export const assignment = v.variant("type", [
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
  /**
   * Merge files of a partition and combine the values of each key into file number `file` of that partition. The worker
   * fetches the inputs with `ListInputs`. A result without outputs says that the values hardly shrink.
   */
  v.strictObject({ type: v.literal("combine"), ref: attemptRef, partition: count, file: count }),
  /** The worker fetches the inputs with `ListInputs`. */
  v.strictObject({ type: v.literal("reduce"), ref: attemptRef }),
  /** Nothing to do now: call `RequestTask`, whose reply waits until there is a task. */
  v.strictObject({ type: v.literal("wait") }),
  /** The job has ended: exit. */
  v.strictObject({ type: v.literal("exit"), outcome: jobOutcome }),
]);

export type Assignment = v.InferOutput<typeof assignment>;

/**
 * An input of a combine or reduce task: number of the file, number of the attempt that wrote it, length in bytes, CRC-32.
 * Map task X writes file X of each partition. The files of combine tasks have the numbers after those of all map tasks.
 */
const reduceInput = v.tuple([count, v.pipe(count, v.minValue(1)), count, checksum]);

export type ReduceInput = v.InferOutput<typeof reduceInput>;

/**
 * Some of the inputs of a combine or reduce attempt, ordered by map task; `next` is the map task at which the next page begins, if
 * there is one. `stale`: the attempt was revoked or an input was lost meanwhile, so there is nothing to read.
 */
export const inputsPage = v.variant("type", [
  v.strictObject({ type: v.literal("page"), inputs: v.array(reduceInput), next: v.optional(count) }),
  v.strictObject({ type: v.literal("stale") }),
]);

export type InputsPage = v.InferOutput<typeof inputsPage>;

/** Some of the keys at which partitions 1, 2, … begin, in order; `next` is the number at which the next page begins. */
export const boundariesPage = v.strictObject({ boundaries: v.array(sampledKey), next: v.optional(count) });

export type BoundariesPage = v.InferOutput<typeof boundariesPage>;

/** Calls of `map` that an attempt may begin: the first one after a delay from now on, the others at a fixed distance. */
export const startGrant = v.strictObject({
  delayMs: v.pipe(v.number(), v.minValue(0)),
  count: v.pipe(count, v.minValue(1)),
  spacingMs: v.pipe(v.number(), v.minValue(0)),
});

export type StartGrant = v.InferOutput<typeof startGrant>;
