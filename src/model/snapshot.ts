/** The state of a running job in a few numbers, as `Status` sends it: for the progress bar and the summary. */
import * as v from "valibot";
import { appIdentity } from "./app-identity.js";
import { attemptMeasures, attemptRef } from "./attempt.js";
import { count, workerId } from "./schemas.js";

export const taskCounts = v.strictObject({ total: count, idle: count, inProgress: count, completed: count });

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

export const snapshot = v.strictObject({
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

export type Snapshot = v.InferOutput<typeof snapshot>;
