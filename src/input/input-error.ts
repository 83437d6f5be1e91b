/** The inputs or the output directory are unusable. Nothing was started or written. */
export class InputError extends Error {
  override readonly name = "InputError";
}
