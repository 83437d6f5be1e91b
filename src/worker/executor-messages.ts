import type { AppModule } from "../app/load.js";
import type { AppIdentity } from "../model/app-identity.js";
import type { Assignment, ReduceInput, StartGrant } from "../model/assignment.js";
import type { WorkerJob } from "../model/job.js";
import type { ProfileDestination } from "./cpu-profile.js";
import type { Failure } from "./failure.js";
import type { AttemptResult } from "./task-context.js";

/** The data with which an executor thread starts. */
export interface ExecutorStart {
  readonly app: AppModule;
  /** The destination of CPU profiles. */
  readonly profiles: ProfileDestination;
  /**
   * Seven 64-bit floats, readable even while the running attempt hangs: records (or values) and bytes done, the position
   * of the record at work (`NaN` for none, `hookAtWork` for `setup` or `teardown`, `severalAtWork`), how many values the
   * app has taken from streams, whether `combine` is at work, and, as last measured, the bytes of the thread's heap and
   * of the pairs that the engine keeps (0 when not measured).
   */
  readonly progress: SharedArrayBuffer;
  /** The buffer of an `OutputTail`. */
  readonly output: SharedArrayBuffer;
  /** The buffer of another: a key with many values that a reduce attempt reads. */
  readonly key: SharedArrayBuffer;
}

/**
 * The work for an executor: an assignment, for a map with the partition boundaries, for a combine or reduce with the
 * files to read.
 */
export type WorkAssignment =
  | Extract<Assignment, { type: "sample" }>
  | (Extract<Assignment, { type: "map" }> & { readonly boundaries: readonly string[] | undefined })
  | (Extract<Assignment, { type: "combine" | "reduce" }> & { readonly inputs: readonly ReduceInput[] });
export type Job = WorkerJob;

/** The traits of an app that the coordinator needs and that only a worker, which loads the app, can determine. */
export type AppTraits = Omit<AppIdentity, "name" | "hash">;

/** From the agent to its executor. */
export type ExecutorRequest =
  | { type: "run"; assignment: WorkAssignment; job: Job }
  | { type: "abort" }
  /** Collect garbage, between two attempts: asks for one `collected` in return. */
  | { type: "collect" }
  /** The answer to a message `starts`. */
  | { type: "starts"; grant: StartGrant };

/**
 * From the executor to its agent: `loaded` or `unloadable` once, then one message for each `run`, preceded by any
 * number of `starts`, and one `collected` for each `collect`; and at any time `dying`, the last message of a thread that is about to end.
 */
export type ExecutorMessage =
  | { type: "loaded"; traits: AppTraits }
  | { type: "unloadable"; message: string }
  | { type: "dying"; failure: Failure }
  /** The app and the engine keep this much memory, in the thread's heap and in Buffers. */
  | { type: "collected"; keptBytes: number }
  /** The attempt that runs wants to begin so many more calls of `map`: asks for one `starts` in return. */
  | { type: "starts"; wanted: number }
  | { type: "finished"; result: AttemptResult }
  | Failure;
