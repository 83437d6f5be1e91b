import { isSameArgs, shownArgs } from "../job-args.js";
import type { JobInputs } from "./records.js";

/**
 * In what a job that is to be resumed differs from the one that was interrupted; undefined when in nothing. A split size
 * that is not given now is that of before.
 */
export function differences(before: JobInputs, now: JobInputs): string | undefined {
  if (before.reducers !== now.reducers) return `it had --reducers ${before.reducers}, and this has ${now.reducers}`;
  if (now.splitBytes !== undefined && before.splitBytes !== now.splitBytes) {
    const had = before.splitBytes === undefined ? "no --split-size" : `--split-size ${before.splitBytes}`;
    return `it had ${had}, and this has --split-size ${now.splitBytes}`;
  }
  if (now.args !== undefined && !isSameArgs(before.args ?? {}, now.args)) {
    return `it had ${shownArgs(before.args ?? {})}, and this has ${shownArgs(now.args)}`;
  }
  return inputDifference(before.inputs, now.inputs);
}

function inputDifference(before: JobInputs["inputs"], now: JobInputs["inputs"]): string | undefined {
  for (const [index, was] of before.entries()) {
    const is = now[index];
    if (is === undefined)
      return `its input ${was.name} is not given (it had ${before.length}, and this has ${now.length})`;
    if (was.name !== is.name || was.path !== is.path) {
      return `its input ${index + 1} was ${was.name} (${was.path}), and is ${is.name} (${is.path})`;
    }
    if (was.sizeBytes !== is.sizeBytes) return `${was.name} had ${was.sizeBytes} bytes, and has ${is.sizeBytes}`;
    if (was.modifiedMs !== is.modifiedMs) return `${was.name} was changed since`;
  }
  const more = now[before.length];
  return more === undefined ? undefined : `${more.name} was no input of it`;
}
