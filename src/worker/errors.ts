/** No coordinator could be reached: none has come up, or the one that was there is gone. */
export class CoordinatorUnreachableError extends Error {
  override readonly name = "CoordinatorUnreachableError";
}

/** The coordinator does not take this worker: its app or args are not those of the job. */
export class WorkerRefusedError extends Error {
  override readonly name = "WorkerRefusedError";
}

/**
 * The app emitted a pair, counted, or wrote to a side file after `map` or `reduce` had ended, usually because an `await` is
 * missing. The task may already be committed without the pair, so the job must not go on.
 */
export class LateEmitError extends Error {
  override readonly name = "LateEmitError";

  constructor(task: string, called = "ctx.emit") {
    super(`${task} called ${called} after it had ended (is an \`await\` missing?)`);
  }
}

/** `reduce` gives another result when `combine` has folded values. The message says for which key, and both results. */
export class CombineMismatchError extends Error {
  override readonly name = "CombineMismatchError";

  constructor(what: string) {
    super(
      `combine changes the result: ${what}; reduce must give the same however often combine was called, not at all ` +
        "included. Combine what can be combined in any grouping, such as sums and counts in place of means",
    );
  }
}

/**
 * `map`, `reduce` or a hook has ended, and work that it started goes on and may still emit. No retry can help: the app has to
 * await it.
 */
export class UnawaitedWorkError extends Error {
  override readonly name = "UnawaitedWorkError";

  /** `work` says what goes on. */
  constructor(task: string, work: string) {
    super(
      `${task} has ended, and work that it started goes on (${work}); await it before map, reduce or teardown returns, ` +
        "and clear timers that are not needed any more",
    );
  }
}
