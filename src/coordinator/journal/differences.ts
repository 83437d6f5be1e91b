import prettyBytes from "pretty-bytes";
import type { AppIdentity } from "../../rpc/protocol.js";
import { isSameArgs, shownArgs } from "../job-args.js";
import type { JobInputs } from "./records.js";

type App = Pick<AppIdentity, "name" | "hash">;

/**
 * In what a job that is to be resumed differs from the one that was interrupted; undefined when in nothing. A split size
 * that is not given now is that of before.
 */
export function differences(before: JobInputs, now: JobInputs): string | undefined {
  if (before.reducers !== now.reducers) return `it had --reducers ${before.reducers}, and this has ${now.reducers}`;
  if (shownOutput(before) !== shownOutput(now))
    return `it had ${shownOutput(before)}, and this has ${shownOutput(now)}`;
  if (now.splitBytes !== undefined && before.splitBytes !== now.splitBytes) {
    const had = before.splitBytes === undefined ? "no --split-size" : `--split-size ${shown(before.splitBytes)}`;
    return `it had ${had}, and this has --split-size ${shown(now.splitBytes)}`;
  }
  if (now.args !== undefined && !isSameArgs(before.args ?? {}, now.args)) {
    return `it had ${shownArgs(before.args ?? {})}, and this has ${shownArgs(now.args)}`;
  }
  return inputDifference(before.inputs, now.inputs);
}

function shown(bytes: number): string {
  return prettyBytes(bytes, { binary: true, space: false, maximumFractionDigits: 10 });
}

/** In which app it differs; undefined when in none, or when one of the two is not known. */
export function appDifference(before: App | undefined, now: App | undefined): string | undefined {
  if (before === undefined || now === undefined || before.hash === now.hash) return undefined;
  return before.name === now.name
    ? `${now.name} was changed since`
    : `it was of the app ${before.name}, and this is ${now.name}`;
}

function shownOutput({ output: { format, compress } }: JobInputs): string {
  const shown = [format && `--output-format ${format}`, compress && `--compress ${compress}`];
  return shown.filter((option) => option !== undefined).join(" ") || "no --output-format and no --compress";
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
