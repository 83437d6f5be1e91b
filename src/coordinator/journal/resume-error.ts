import { InputError } from "../../input/input-error.js";

/** There is no job to go on with, or it was another one. What there is was left as it was. */
export class ResumeError extends InputError {
  /** The message without what to do about it. */
  readonly problem: string;

  constructor(problem: string, options: ErrorOptions & { readonly advice?: string } = {}) {
    super(options.advice === undefined ? problem : `${problem}; ${options.advice}`, options);
    this.problem = problem;
  }
}

/** No job was interrupted there. */
export class NothingToResumeError extends ResumeError {}
