import { writeBadRecords } from "../output/bad-records.js";
import type { JobDirectory } from "../output/directory.js";
import type { JobFileKind } from "../output/names.js";
import type { JobOutcome, Snapshot } from "../rpc/protocol.js";
import { badRecords } from "./core/bad-records.js";
import type { JobFailure } from "./core/model.js";
import type { Job } from "./job.js";
import type { CoordinatorOptions } from "./options.js";

/** How a job has ended. */
export interface JobReport {
  readonly snapshot: Snapshot;
  readonly failure: JobFailure | undefined;
  /** Absolute path of the job's directory. */
  readonly directory: string;
  /** Names of the output files in it; none when the job is not done. */
  readonly outputs: readonly string[];
  /** Whether the job can be gone on with. */
  readonly isResumable: boolean;
}

/**
 * Leaves the job's directory as it should be found: with the outputs and nothing else when the job is done, as it was before
 * when it has failed, and with all that is done, and the journal, when it was stopped in good order.
 */
export async function settleJob(
  job: Job,
  snapshot: Snapshot,
  { keepIntermediate, log }: Pick<CoordinatorOptions, "keepIntermediate" | "log">,
): Promise<JobReport> {
  const { state, journal, directory } = job;
  const lost = snapshot.phase === "done" ? (lostOutput(job) ?? unwritableRecords(job)) : undefined;
  const outcome = lost === undefined ? outcomeOf(snapshot) : "failed";
  const isDone = outcome === "done";
  const isWorthKeeping = state.completed.map + state.completed.reduce > 0;
  const mayGoOn = outcome === "stopped" || (outcome === "failed" && keepIntermediate);
  const isResumable = isWorthKeeping && mayGoOn && journal.keep();
  journal.close();
  const useless: JobFileKind[] = ["temporary"];
  if (!isResumable) useless.push("journal");
  if (!isResumable && !keepIntermediate) useless.push("intermediate");
  if (!isResumable && !keepIntermediate && !isDone) useless.push("output", "bad-records");
  try {
    // Before a worker came nothing was written, and what there is comes from an earlier job.
    if (state.app !== undefined) clear(directory, useless, (message) => log.warn(message));
    const outputs = isDone ? directory.outputs() : [];
    const end = { directory: directory.path, outputs, isResumable };
    if (lost === undefined) return { ...end, snapshot, failure: state.failure };
    return { ...end, snapshot: { ...snapshot, phase: "failed", failure: lost.message }, failure: lost };
  } finally {
    await directory.release({ removeIfEmpty: !isDone });
  }
}

/** How the job has ended does not depend on whether its files can be removed. */
function clear(directory: JobDirectory, useless: readonly JobFileKind[], warn: (message: string) => void): void {
  try {
    directory.clear(useless);
  } catch (error) {
    warn(`files of the job are left in ${directory.path}: ${(error as Error).message}`);
  }
}

/** Of a job that has ended. */
export function outcomeOf({ phase }: Pick<Snapshot, "phase">): JobOutcome {
  return phase === "done" || phase === "stopped" ? phase : "failed";
}

/** A job is not done before the records that it left out are where they can be found. */
function unwritableRecords({ state, directory }: Job): JobFailure | undefined {
  try {
    writeBadRecords(directory.path, state.settings.id, badRecords(state));
    return undefined;
  } catch (error) {
    return { message: `the bad records cannot be written: ${(error as Error).message}` };
  }
}

/** Somebody may have removed or replaced an output while the job ran: that must not be called done. */
function lostOutput({ state, directory }: Job): JobFailure | undefined {
  const lost = state.reduces.find(({ index, commit }) => {
    return commit !== undefined && !directory.hasOutput(index, commit.done.bytesOut);
  });
  if (lost === undefined) return undefined;
  return { message: `the output of reduce task ${lost.index} was removed or changed while the job ran` };
}
