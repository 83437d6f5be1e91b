import { UnreadableInputError } from "./unreadable-input-error.js";

const wayOut = "run the job again, on files that nobody truncates, replaces or rewrites meanwhile";

/** An input is not what it was when the job was planned, so that no attempt can read what the others have read. */
export class ChangedInputError extends UnreadableInputError {
  /** `what` says what became of it. */
  constructor(file: string, what: string) {
    super(`${file} changed while the job ran: ${what}; ${wayOut}`);
  }
}
