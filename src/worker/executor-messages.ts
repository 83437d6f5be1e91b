import type { AppModule } from "../app/load.js";
import type { AppIdentity, Assignment, ReduceInput, ResultOf } from "../rpc/protocol.js";
import type { ProfileDestination } from "./cpu-profile.js";
import type { Failure } from "./failure.js";
import type { AttemptResult } from "./task-context.js";

/** What an executor thread is started with. */
export interface ExecutorStart {
  readonly app: AppModule;
  /** Where a CPU profile of each attempt is to go. */
  readonly profiles: ProfileDestination;
  /**
   * Four 64-bit floats, readable even while the attempt that runs hangs: records (or values) and bytes done, where the
   * record begins that is at work (`NaN` when none is, `hookAtWork` when `setup` or `teardown` is), and how many values the app has taken from streams.
   */
  readonly progress: SharedArrayBuffer;
  /** Of an `OutputTail`. */
  readonly output: SharedArrayBuffer;
}

/** What an executor is to run: an assignment, for a map where partitions begin, for a reduce the files to read. */
export type WorkAssignment =
  | Extract<Assignment, { type: "sample" }>
  | (Extract<Assignment, { type: "map" }> & { readonly boundaries: readonly string[] | undefined })
  | (Extract<Assignment, { type: "reduce" }> & { readonly inputs: readonly ReduceInput[] });
export type Job = ResultOf<"Register">["job"];

/** What the coordinator has to know of the app, and only who has loaded it can tell. */
export type AppTraits = Omit<AppIdentity, "name" | "hash">;

/** From the agent to its executor. */
export type ExecutorRequest = { type: "run"; assignment: WorkAssignment; job: Job } | { type: "abort" };

/**
 * From the executor to its agent: `loaded` or `unloadable` once, then one message for each `run`; or, at any time, `dying`
 * as the last one of a thread that is about to end.
 */
export type ExecutorMessage =
  | { type: "loaded"; traits: AppTraits }
  | { type: "unloadable"; message: string }
  | { type: "dying"; failure: Failure }
  | { type: "finished"; result: AttemptResult }
  | Failure;
