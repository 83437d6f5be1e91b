/** No coordinator could be reached: none has come up, or the one that was there is gone. */
export class CoordinatorUnreachableError extends Error {
  override readonly name = "CoordinatorUnreachableError";
}

/** The coordinator does not take this worker: its app or args are not those of the job. */
export class WorkerRefusedError extends Error {
  override readonly name = "WorkerRefusedError";
}
