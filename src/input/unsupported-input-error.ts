/**
 * A compressed file that may be valid, but is of a kind that is not supported. The message names a program that reads
 * it.
 */
export class UnsupportedInputError extends Error {
  override readonly name = "UnsupportedInputError";
}
