import { InputError } from "../../input/input-error.js";

/** There is no job to go on with, or it was another one. What there is was left as it was. */
export class ResumeError extends InputError {}
