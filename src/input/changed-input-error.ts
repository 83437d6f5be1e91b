import { UnreadableInputError } from "./unreadable-input-error.js";

const wayOut = "run the job again, on files that do not change while it runs";

/** An input has changed since the job was planned, so a new attempt would not read what earlier attempts read. */
export class ChangedInputError extends UnreadableInputError {
  /** `what` describes the change. */
  constructor(file: string, what: string) {
    super(`${file} changed while the job ran: ${what}; ${wayOut}`);
  }
}
