/** The inputs or the output directory cannot be used as they are. Nothing was started and nothing was written. */
export class InputError extends Error {
  override readonly name = "InputError";
}
