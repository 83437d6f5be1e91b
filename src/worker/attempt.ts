import { warningCharactersMax, warningsMax } from "../rpc/attempt-limits.js";
import { invalidParamsCode, MessageTooLongError, RemoteError } from "../rpc/errors.js";
import type { Assignment, AttemptOutcome, AttemptRef, OutputFile, ReduceInput, ResultOf } from "../rpc/protocol.js";
import { AttemptFiles } from "./attempt-files.js";
import type { Boundaries } from "./boundaries.js";
import type { AttemptEnd } from "./executor-host.js";
import type { Job, WorkAssignment } from "./executor-messages.js";
import type { ExecutorSlot } from "./executor-slot.js";
import type { Session } from "./session.js";
import type { ReserveStarts } from "./start-pacer.js";
import { fileErrorText } from "./system-error.js";
import { makesOutput, type AttemptResult } from "./task-context.js";

/** What the coordinator has given out to be done. */
type Work = Extract<Assignment, { type: "sample" | "map" | "reduce" }>;

const released: AttemptOutcome = { type: "failed", class: "released", message: "its worker was told to leave" };

const staleInputs: AttemptEnd = {
  type: "failed",
  class: "damaged",
  message: "its inputs were lost before it could read them",
  damaged: [],
};

/** Longer texts of an app's error are cut: the message must fit on the wire, and somebody is to read it. */
const errorCharactersMax = 64 * 1024;

/**
 * One attempt of this worker, from its assignment to the coordinator's answer to its report:
 *
 *     assigned ─ ListInputs of a reduce ─► running ─► finished ─ MayCommit, rename ─► committed ─ report ─► over
 *
 * It outlives the connection over which it was assigned. When that is lost the thread goes on, and `complete` is called
 * again with the next session: it takes up where it was, but asks for the permission to commit anew, since a coordinator
 * that was restarted does not know that it gave it.
 */
export class Attempt {
  readonly job: Job;
  readonly #work: Work;
  readonly #slot: ExecutorSlot;
  readonly #boundaries: Boundaries;
  readonly #files: AttemptFiles;
  /** Set when nobody wants its result any more. */
  #isCancelled = false;
  /** Set when it is its own worker that does not go on with it, and the coordinator is to know. */
  #isGivenBack = false;
  /** How it ended in its thread; undefined before it has begun there. */
  #end: Promise<AttemptEnd> | undefined;
  #isRunning = false;
  #hasFinalNames = false;
  /** The connection over which it was last asked for its end. */
  #session: Session | undefined;
  #onSession: (() => void) | undefined;
  /** Set while it is not known whether the coordinator has accepted the files: then it may count on them. */
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

  /** Whether its thread is at work on it. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Stops it; `complete` notices. Does nothing once it is finished: then the coordinator is asked about it anyway. */
  cancel(): void {
    if (this.#isCancelled || (this.#end !== undefined && !this.#isRunning)) return;
    this.#isCancelled = true;
    if (this.#isRunning) void this.#slot.cancel();
  }

  /** Stops it, and lets `complete` tell the coordinator that it is nobody's fault. As `cancel` it does nothing too late. */
  giveBack(): void {
    if (this.#isCancelled) return;
    this.cancel();
    this.#isGivenBack = this.#isCancelled;
  }

  /**
   * To be called before the worker ends the connection or itself: a marker that is found says that the worker has died at
   * that record. Its thread may go on.
   */
  removeMarker(): void {
    this.#files.removeMarker();
  }

  /** Gives it up. When this resolves nothing is written any more, and what nobody can count on is removed. */
  async abandon(): Promise<void> {
    this.cancel();
    await this.#end;
    this.#files.discardUnfinished();
    if (!this.#isInDoubt) this.#files.takeBack();
  }

  /**
   * Brings it to its end, whichever, and returns what to do next. `isLeaving` is asked when it reports. Rejects with a
   * ConnectionClosedError when the session is lost on the way.
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

  /** The work with what is too much for its assignment; undefined when its inputs are not there any more. */
  async #complement(work: Work, session: Session): Promise<WorkAssignment | undefined> {
    if (work.type === "sample") return work;
    if (work.type === "map") return { ...work, boundaries: await this.#boundaries.of(this.job, session) };
    const inputs = await this.#listInputs(session);
    return inputs && { ...work, inputs };
  }

  /** The inputs of a reduce attempt; undefined when some are not there any more. */
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
   * Reserves calls of `map` for its thread. While there is no connection to a coordinator none can be had: the answer comes
   * with the next session.
   */
  readonly reserveStarts: ReserveStarts = async (wanted) => {
    for (;;) {
      const session = this.#session;
      try {
        if (session !== undefined) return await session.call("RequestStarts", { wanted });
      } catch {
        // The loss of the connection is noticed where the end of the attempt is waited for.
      }
      if (session === this.#session) await new Promise<void>((resolve) => (this.#onSession = resolve));
    }
  };

  /** Gives the files their final names; the outcome to report, or undefined when another attempt came first. */
  async #commit(session: Session, result: AttemptResult): Promise<AttemptOutcome | undefined> {
    const { files, sideFiles, skipped, warnings, argUse, ...measures } = result;
    if (!(await this.#mayCommit(session))) {
      this.#files.discardUnfinished();
      this.#files.takeBack();
      return undefined;
    }
    try {
      if (!this.#hasFinalNames) this.#files.commit(files, sideFiles);
      this.#hasFinalNames = true;
    } catch (error) {
      this.#files.discardUnfinished();
      return { type: "failed", class: "io", message: fileErrorText(error as Error) };
    }
    // An output file is nobody's input.
    const isOutput = makesOutput(this.ref, this.job.reducers);
    const made = isOutput ? [] : files;
    const outputs = made.map(({ partition, bytes, checksum }): OutputFile => [partition, bytes, checksum]);
    const named = sideFiles.map(({ name, bytes }): [string, number] => [name, bytes]);
    const { checksum, textKeyEnd } = (isOutput ? files[0] : undefined) ?? {};
    const ofOutput = {
      ...(checksum === undefined ? {} : { checksum }),
      ...(textKeyEnd === undefined ? {} : { textKeyEnd }),
    };
    const told = warnings.length === 0 ? {} : { warnings: atMost(warningsMax, warnings).map(shortenedWarning) };
    return {
      type: "done",
      outputs,
      skipped: [...skipped],
      sideFiles: named,
      ...told,
      ...(argUse && { argUse }),
      ...ofOutput,
      ...measures,
    };
  }

  /**
   * A grant holds as long as the coordinator takes this worker for alive, which is at least the task timeout from the
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
      // What was refused has no effect: the files are nobody's.
      this.#isInDoubt = false;
      this.#files.takeBack();
      const message = `its result cannot be reported: ${error.message}`;
      return this.#report(session, { type: "failed", class: "error", message }, leaving);
    }
  }
}

/** Codes that a coordinator answers with may be any number. */
const invalidParams: number = invalidParamsCode;

function isUnfitForWire(error: unknown): error is Error {
  return error instanceof MessageTooLongError || (error instanceof RemoteError && error.code === invalidParams);
}

/** The first warnings, and how many more there are. */
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
