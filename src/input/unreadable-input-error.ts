/** An input file as a whole is not what it should be, such as a compressed one that is damaged. No retry can help. */
export class UnreadableInputError extends Error {
  override readonly name = "UnreadableInputError";
}
