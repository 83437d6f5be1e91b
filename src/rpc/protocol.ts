/**
 * The protocol between coordinator and workers: every method, with the schemas of its params and its result. The types
 * that the messages carry are in `model/`.
 *
 * It is JSON-RPC 2.0, one message per line, in both directions over one connection. Only the control plane uses it:
 * which task to run, where its data is, how it ended. No record of the job passes through it.
 */
import * as v from "valibot";
import { appIdentity } from "../model/app-identity.js";
import { assignment, boundariesPage, inputsPage, startGrant } from "../model/assignment.js";
import { attemptOutcome, attemptProgress, attemptRef } from "../model/attempt.js";
import { jobOutcome, workerJob } from "../model/job.js";
import { args, count, workerId } from "../model/schemas.js";
import { snapshot } from "../model/snapshot.js";

/** Incremented with every change that keeps an older worker and a newer coordinator from working together. */
export const protocolVersion = 8;

/** A longer line is rejected. Data that may be longer, such as the inputs of a reduce task, is fetched in pages. */
export const messageBytesMax = 4 * 1024 * 1024;

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
      job: workerJob,
    }),
  },
  /** Worker → coordinator: a long poll. The reply waits until there is work or the job has ended. */
  RequestTask: { params: v.strictObject({ worker: workerId }), result: assignment },
  /**
   * Worker → coordinator: fetches a page of the inputs of the combine or reduce attempt that the worker runs, starting
   * with map task `from`. `next` is the `from` of the next page.
   */
  ListInputs: {
    params: v.strictObject({ worker: workerId, ref: attemptRef, from: count }),
    result: inputsPage,
  },
  /**
   * Worker → coordinator: in a job with range partitions, a worker that has a map task fetches a page of the keys at
   * which partitions 1, 2, … begin, starting with number `from`. `next` is the `from` of the next page.
   */
  ListBoundaries: {
    params: v.strictObject({ worker: workerId, from: count }),
    result: boundariesPage,
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
      attempts: v.array(attemptProgress),
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
