/** A compressed file may be as it should be, but is of a kind that is not read here. The message says what reads it. */
export class UnsupportedInputError extends Error {
  override readonly name = "UnsupportedInputError";
}
