import { warningCharactersMax, warningsMax } from "../model/attempt-limits.js";
import { invalidParamsCode, MessageTooLongError, RemoteError } from "../rpc/errors.js";
import type { Assignment, ReduceInput } from "../model/assignment.js";
import type { AttemptOutcome, AttemptRef, OutputFile } from "../model/attempt.js";
import type { ResultOf } from "../rpc/protocol.js";
import { AttemptFiles } from "./attempt-files.js";
import type { Boundaries } from "./boundaries.js";
import type { AttemptEnd } from "./executor-host.js";
import type { Job, WorkAssignment } from "./executor-messages.js";
import type { ExecutorSlot } from "./executor-slot.js";
import type { Session } from "./session.js";
import type { ReserveStarts } from "./start-pacer.js";
import { fileErrorText } from "./system-error.js";
import { makesOutput, type AttemptResult } from "./task-context.js";

/** Work assigned by the coordinator. */
type Work = Extract<Assignment, { type: "sample" | "map" | "combine" | "reduce" }>;

const released: AttemptOutcome = { type: "failed", class: "released", message: "its worker was told to leave" };

const staleInputs: AttemptEnd = {
  type: "failed",
  class: "damaged",
  message: "its inputs were lost before it could read them",
  damaged: [],
};

/** Longer error texts of an app are cut: the message must fit on the wire and be readable. */
const errorCharactersMax = 64 * 1024;

/**
 * One attempt of this worker, from its assignment to the coordinator's answer to its report:
 *
 *     assigned ─ ListInputs of a reduce ─► running ─► finished ─ MayCommit, rename ─► committed ─ report ─► over
 *
 * An attempt outlives the connection that assigned it. When the connection is lost the thread continues, and the worker
 * calls `complete` again with the next session. The attempt resumes where it was, but asks again for the permission to
 * commit, since a restarted coordinator does not know that it gave one.
 */
export class Attempt {
  readonly job: Job;
  readonly #work: Work;
  readonly #slot: ExecutorSlot;
  readonly #boundaries: Boundaries;
  readonly #files: AttemptFiles;
  /** Set when the result is no longer wanted. */
  #isCancelled = false;
  /** Set when this worker itself stops the attempt and must tell the coordinator. */
  #isGivenBack = false;
  /** How it ended in its thread; undefined before it began there. */
  #end: Promise<AttemptEnd> | undefined;
  #isRunning = false;
  #hasFinalNames = false;
  /** The connection of the latest `complete`. */
  #session: Session | undefined;
  #onSession: (() => void) | undefined;
  /** Set while it is unknown whether the coordinator accepted the files, and so may rely on them. */
  #isInDoubt = false;

  constructor(work: Work, job: Job, slot: ExecutorSlot, boundaries: Boundaries) {
    this.#work = work;
    this.job = job;
    this.#slot = slot;
    this.#boundaries = boundaries;
    this.#files = new AttemptFiles(job, work.ref);
  }

  get ref(): AttemptRef {
    return this.#work.ref;
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Whether its thread is working on it. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Stops it; `complete` notices. Does nothing once it has finished, because the coordinator will be asked anyway. */
  cancel(): void {
    if (this.#isCancelled || (this.#end !== undefined && !this.#isRunning)) return;
    this.#isCancelled = true;
    if (this.#isRunning) void this.#slot.cancel();
  }

  /**
   * Stops it and makes `complete` report that it failed through no fault of its own. Like `cancel`, does nothing too
   * late.
   */
  giveBack(): void {
    if (this.#isCancelled) return;
    this.cancel();
    this.#isGivenBack = this.#isCancelled;
  }

  /**
   * To be called before the worker ends the connection or itself: a marker that remains says that the worker died at
   * that record. The thread may continue.
   */
  removeMarker(): void {
    this.#files.removeMarker();
  }

  /**
   * Gives up the attempt. When this resolves, nothing more is written, and files on which the coordinator cannot rely
   * are removed.
   */
  async abandon(): Promise<void> {
    this.cancel();
    await this.#end;
    this.#files.discardUnfinished();
    if (!this.#isInDoubt) this.#files.takeBack();
  }

  /**
   * Brings the attempt to its end, whatever that is, and returns what to do next. Asks `isLeaving` when it reports.
   * Rejects with a ConnectionClosedError when the session is lost on the way.
   */
  async complete(session: Session, isLeaving: () => boolean): Promise<Assignment> {
    this.#session = session;
    this.#onSession?.();
    const end = await this.#run(session);
    if (this.#isCancelled || end.type === "failed") this.#files.discardUnfinished();
    if (this.#isGivenBack) return this.#report(session, released, true);
    if (this.#isCancelled) return { type: "wait" };
    const outcome = end.type === "failed" ? shortened(end) : await this.#commit(session, end.result);
    return outcome === undefined ? { type: "wait" } : this.#report(session, outcome, isLeaving());
  }

  async #run(session: Session): Promise<AttemptEnd> {
    if (this.#end === undefined) {
      const assignment = await this.#complement(this.#work, session);
      this.#end = assignment === undefined ? Promise.resolve(staleInputs) : this.#execute(assignment);
    }
    return session.unlessLost(this.#end);
  }

  /** Adds to the work what is too large for its assignment; undefined when its inputs no longer exist. */
  async #complement(work: Work, session: Session): Promise<WorkAssignment | undefined> {
    if (work.type === "sample") return work;
    if (work.type === "map") return { ...work, boundaries: await this.#boundaries.of(this.job, session) };
    const inputs = await this.#listInputs(session);
    return inputs && { ...work, inputs };
  }

  /** The inputs of a combine or reduce attempt; undefined when some no longer exist. */
  async #listInputs(session: Session): Promise<ReduceInput[] | undefined> {
    const inputs: ReduceInput[] = [];
    for (let from: number | undefined = 0; from !== undefined;) {
      const page: ResultOf<"ListInputs"> = await session.call("ListInputs", { ref: this.ref, from });
      if (page.type === "stale") return undefined;
      inputs.push(...page.inputs);
      from = page.next;
    }
    return inputs;
  }

  async #execute(assignment: WorkAssignment): Promise<AttemptEnd> {
    this.#isRunning = true;
    const end = await this.#slot.run(assignment, this.job, this);
    this.#isRunning = false;
    return end;
  }

  /**
   * Reserves calls of `map` for its thread. Without a connection to a coordinator, the answer waits for the next
   * session.
   */
  readonly reserveStarts: ReserveStarts = async (wanted) => {
    for (;;) {
      const session = this.#session;
      try {
        if (session !== undefined) return await session.call("RequestStarts", { wanted });
      } catch {
        // `complete`, which waits for the end of the attempt, notices the lost connection.
      }
      if (session === this.#session) await new Promise<void>((resolve) => (this.#onSession = resolve));
    }
  };

  /** Gives the files their final names. Returns the outcome to report, or undefined when another attempt came first. */
  async #commit(session: Session, result: AttemptResult): Promise<AttemptOutcome | undefined> {
    const { files, sideFiles, namedOutputs = [], skipped, newlySkipped, warnings, argUse, ...measures } = result;
    if (!(await this.#mayCommit(session))) {
      this.#files.discardUnfinished();
      this.#files.takeBack();
      return undefined;
    }
    try {
      if (!this.#hasFinalNames) this.#files.commit(files, [...sideFiles, ...namedOutputs]);
      this.#hasFinalNames = true;
    } catch (error) {
      this.#files.discardUnfinished();
      return { type: "failed", class: "io", message: fileErrorText(error as Error) };
    }
    // No task reads an output file.
    const isOutput = makesOutput(this.ref, this.job.reducers);
    const made = isOutput ? [] : files;
    const outputs = made.map(({ partition, bytes, checksum }): OutputFile => [partition, bytes, checksum]);
    const named = sideFiles.map(({ name, bytes }): [string, number] => [name, bytes]);
    const { checksum, textKeyEnd } = (isOutput ? files[0] : undefined) ?? {};
    const ofOutput = {
      ...(checksum === undefined ? {} : { checksum }),
      ...(textKeyEnd === undefined ? {} : { textKeyEnd }),
      ...(namedOutputs.length === 0 ? {} : { namedOutputs: namedOutputs.map(({ fact }) => fact) }),
    };
    const told = warnings.length === 0 ? {} : { warnings: atMost(warningsMax, warnings).map(shortenedWarning) };
    return {
      type: "done",
      outputs,
      skipped: [...skipped],
      ...(newlySkipped && { newlySkipped }),
      sideFiles: named,
      ...told,
      ...(argUse && { argUse }),
      ...ofOutput,
      ...measures,
    };
  }

  /**
   * A grant holds as long as the coordinator considers this worker alive, which is at least the task timeout from the
   * moment of asking. A worker that was stopped in between (SIGSTOP, a sleeping laptop) asks again before it renames.
   */
  async #mayCommit(session: Session): Promise<boolean> {
    for (;;) {
      const askedMs = performance.now();
      const { granted } = await session.call("MayCommit", { ref: this.ref });
      if (!granted || performance.now() - askedMs < this.job.taskTimeoutMs / 2) return granted;
    }
  }

  async #report(session: Session, outcome: AttemptOutcome, leaving: boolean): Promise<Assignment> {
    this.#isInDoubt = true;
    try {
      const { accepted, next } = await session.call("NotifyTaskCompletion", { ref: this.ref, outcome, leaving });
      this.#isInDoubt = false;
      if (!accepted) this.#files.takeBack();
      return next;
    } catch (error) {
      if (outcome.type === "failed" || !isUnfitForWire(error)) throw error;
      // A rejected report has no effect: the files belong to no task.
      this.#isInDoubt = false;
      this.#files.takeBack();
      const message = `its result cannot be reported: ${error.message}`;
      return this.#report(session, { type: "failed", class: "error", message }, leaving);
    }
  }
}

/** The coordinator may answer with any number as a code. */
const invalidParams: number = invalidParamsCode;

function isUnfitForWire(error: unknown): error is Error {
  return error instanceof MessageTooLongError || (error instanceof RemoteError && error.code === invalidParams);
}

/** The first warnings, then how many more there are. */
function atMost(count: number, warnings: readonly string[]): readonly string[] {
  if (warnings.length <= count) return warnings;
  return [...warnings.slice(0, count - 1), `${warnings.length - count + 1} more warnings of the same task`];
}

function shortenedWarning(warning: string): string {
  return warning.length <= warningCharactersMax ? warning : `${warning.slice(0, warningCharactersMax - 1)}…`;
}

function shortened(outcome: Extract<AttemptOutcome, { type: "failed" }>): AttemptOutcome {
  const cut = (text: string) => (text.length <= errorCharactersMax ? text : `${text.slice(0, errorCharactersMax)}…`);
  const stack = outcome.stack === undefined ? {} : { stack: cut(outcome.stack) };
  return { ...outcome, message: cut(outcome.message), ...stack };
}
