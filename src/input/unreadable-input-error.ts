/** A whole input file is invalid, such as a damaged compressed file. No retry can help. */
export class UnreadableInputError extends Error {
  override readonly name = "UnreadableInputError";
}
