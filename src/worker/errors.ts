/** No coordinator could be reached: none has come up, or the one that was there is gone. */
export class CoordinatorUnreachableError extends Error {
  override readonly name = "CoordinatorUnreachableError";
}

/** The coordinator does not take this worker: its app or args are not those of the job. */
export class WorkerRefusedError extends Error {
  override readonly name = "WorkerRefusedError";
}

/**
 * The app emitted a pair, or wrote to a side file, after `map` or `reduce` had ended, mostly since an `await` is missing. The task may be committed
 * by then, without the pair, so the job must not go on.
 */
export class LateEmitError extends Error {
  override readonly name = "LateEmitError";

  constructor(task: string, called = "ctx.emit") {
    super(`${task} called ${called} after it had ended (is an \`await\` missing?)`);
  }
}
