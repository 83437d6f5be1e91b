/** No coordinator can be reached: none came up, or the existing one is gone. */
export class CoordinatorUnreachableError extends Error {
  override readonly name = "CoordinatorUnreachableError";
}

/** The coordinator rejects this worker: its app or args differ from the job's. */
export class WorkerRefusedError extends Error {
  override readonly name = "WorkerRefusedError";
}

/**
 * The app emitted a pair, counted, or wrote to a side file after `map` or `reduce` had ended, usually because an
 * `await` is missing. The task may already be committed without the pair, so the job must not continue.
 */
export class LateEmitError extends Error {
  override readonly name = "LateEmitError";

  constructor(task: string, called = "ctx.emit") {
    super(`${task} called ${called} after it had ended (is an \`await\` missing?)`);
  }
}

/** `reduce` gives a different result when `combine` has folded values. The message names the key and both results. */
export class CombineMismatchError extends Error {
  override readonly name = "CombineMismatchError";

  constructor(what: string) {
    super(
      `combine changes the result: ${what}; reduce must give the same result however often combine was called, ` +
        "even never. Combine what can be combined in any grouping, such as sums and counts instead of means",
    );
  }
}

/**
 * `map`, `reduce` or a hook has ended, but work that it started is still running and may emit. No retry can help: the
 * app must await it.
 */
export class UnawaitedWorkError extends Error {
  override readonly name = "UnawaitedWorkError";

  /** `work` describes the work. */
  constructor(task: string, work: string) {
    super(
      `${task} has ended, and work that it started goes on (${work}); await it before map, reduce or teardown returns, ` +
        "and clear timers that are not needed any more",
    );
  }
}

/** A record is bad, and its attempt may skip no further one. The cause is what the app threw. */
export class SkipLimitError extends Error {
  override readonly name = "SkipLimitError";
  /** How many records the attempt has skipped by itself. */
  readonly skippedBefore: number;

  constructor(skippedBefore: number, cause: unknown) {
    super("the attempt may skip no further bad record", { cause });
    this.skippedBefore = skippedBefore;
  }
}
