import { InputError } from "../input/input-error.js";

/** Throws an InputError when one of these was given, each of which is about one job: the steps of a pipeline are several. */
export function requireNoneOf(given: Readonly<Record<`--${string}`, unknown>>): void {
  for (const [option, value] of Object.entries(given)) {
    if (value === undefined) continue;
    throw new InputError(`${option} is for one job, and a pipeline has several: run a step of it by itself (--step)`);
  }
}
