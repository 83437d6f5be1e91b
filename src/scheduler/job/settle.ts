/** How an attempt ends when its worker reports it: with a commit, or with a loss. */
import type { AttemptOutcome } from "../../model/attempt.js";
import { excessOf } from "../../model/measures.js";
import { commitAttempt } from "./commit.js";
import type { JobEffect } from "./effects.js";
import type { Running, Slot } from "./job.js";
import { loseAttempt } from "./losses.js";
import { excessOfSkips } from "./skips.js";

/** Records the end of the attempt that a worker runs. Returns whether the job accepts the report. */
export function settleAttempt(
  { job, task, attempt }: Running,
  slot: Slot,
  outcome: AttemptOutcome,
  now: number,
  effects: JobEffect[],
): boolean {
  if (outcome.type === "failed") {
    // The record at which it failed may be the only one for which the app reads these args.
    job.argUse.add(outcome.argUse);
    loseAttempt(job, slot, outcome, now, effects);
    return true;
  }
  if (attempt.state !== "committing") {
    loseAttempt(job, slot, { class: "error", message: "it ended without permission to commit" }, now, effects);
    return false;
  }
  const { kind } = task;
  const message = kind === "map" || kind === "reduce" ? excessOf(job.measures[kind], outcome) : undefined;
  const loss =
    message === undefined ? excessOfSkips(job, task, outcome.newlySkipped) : { class: "fatal" as const, message };
  if (loss === undefined) commitAttempt(job, slot, outcome, now, effects);
  else loseAttempt(job, slot, loss, now, effects);
  return loss === undefined;
}
