import { InputError } from "../../input/input-error.js";

/** There is no job to resume, or it was a different one. Everything was left untouched. */
export class ResumeError extends InputError {
  /** The message without the advice. */
  readonly problem: string;

  constructor(problem: string, options: ErrorOptions & { readonly advice?: string } = {}) {
    super(options.advice === undefined ? problem : `${problem}; ${options.advice}`, options);
    this.problem = problem;
  }
}

/** No job was interrupted there. */
export class NothingToResumeError extends ResumeError {}
