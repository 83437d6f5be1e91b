/** An app cannot be found or loaded, or lacks a required export. The message addresses the app's author. */
export class AppError extends Error {
  override readonly name = "AppError";
}
