/**
 * The job failed: the app threw, or a file could not be written. The message says where; `cause` is what the app threw.
 */
export class AppFailedError extends Error {
  override readonly name = "AppFailedError";
}
