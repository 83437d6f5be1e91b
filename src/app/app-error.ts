/** An app cannot be found, cannot be loaded, or does not export what an app must. The message is for its author. */
export class AppError extends Error {
  override readonly name = "AppError";
}
