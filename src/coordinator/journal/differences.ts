import prettyBytes from "pretty-bytes";
import type { AppIdentity } from "../../model/app-identity.js";
import { isSameArgs, shownArgs } from "../job-args.js";
import type { JobInputs } from "./records.js";

type App = Pick<AppIdentity, "name" | "hash">;
type FileState = Pick<JobInputs["files"][number], "sizeBytes" | "modifiedMs">;

/**
 * Says how a job to be resumed differs from the interrupted one; undefined when it does not. An omitted split size
 * stays as it was.
 */
export function differences(before: JobInputs, now: JobInputs): string | undefined {
  if (before.reducers !== now.reducers) return `it had --reducers ${before.reducers}, but this one has ${now.reducers}`;
  if (before.partitioner !== now.partitioner) {
    return `it had --partitioner ${before.partitioner}, but this one has --partitioner ${now.partitioner}`;
  }
  if (shownOutput(before) !== shownOutput(now))
    return `it had ${shownOutput(before)}, but this one has ${shownOutput(now)}`;
  if (now.splitBytes !== undefined && before.splitBytes !== now.splitBytes) {
    const had = before.splitBytes === undefined ? "no --split-size" : `--split-size ${shown(before.splitBytes)}`;
    return `it had ${had}, but this one has --split-size ${shown(now.splitBytes)}`;
  }
  if (before.samplePercent !== now.samplePercent) {
    return `it had ${sampleText(before)}, but this one has ${sampleText(now)}`;
  }
  if (now.args !== undefined && !isSameArgs(before.args ?? {}, now.args)) {
    return `it had ${shownArgs(before.args ?? {})}, but this one has ${shownArgs(now.args)}`;
  }
  return fileDifference(before.files, now.files) ?? inputDifference(before.inputs, now.inputs);
}

/** Their order does not matter. */
function fileDifference(before: JobInputs["files"], now: JobInputs["files"]): string | undefined {
  for (const was of before) {
    const is = now.find(({ name }) => name === was.name);
    if (is === undefined) return `it had --file ${was.path}#${was.name}, but this one does not`;
    if (was.path !== is.path) return `its --file ${was.name} was ${was.path}, but is now ${is.path}`;
    const change = changeOf(was, is, `--file ${was.name}`);
    if (change !== undefined) return change;
  }
  const more = now.find(({ name }) => !before.some((was) => was.name === name));
  return more && `it had no --file ${more.name}`;
}

/** Formats bytes as users write them, in the shorter of two forms: `64MiB` or `500kB`. */
function shown(bytes: number): string {
  const [binary, decimal] = [true, false].map((binary) =>
    prettyBytes(bytes, { binary, space: false, maximumFractionDigits: 12 }),
  ) as [string, string];
  return binary.length <= decimal.length ? binary : decimal;
}

function sampleText({ samplePercent }: JobInputs): string {
  return samplePercent === undefined ? "no --sample" : `--sample ${samplePercent}%`;
}

/** Says how the app differs; undefined when it does not, or when either app is unknown. */
export function appDifference(before: App | undefined, now: App | undefined): string | undefined {
  if (before === undefined || now === undefined || before.hash === now.hash) return undefined;
  return before.name === now.name
    ? `${now.name} has changed since`
    : `it ran the app ${before.name}, but this one runs ${now.name}`;
}

function shownOutput({ output: { format, values, compress } }: JobInputs): string {
  const shown = [format && `--output-format ${format}`, values && "--values", compress && `--compress ${compress}`];
  return shown.filter((option) => option !== undefined).join(" ") || "no --output-format and no --compress";
}

function inputDifference(before: JobInputs["inputs"], now: JobInputs["inputs"]): string | undefined {
  for (const [index, was] of before.entries()) {
    const is = now[index];
    if (is === undefined)
      return `its input ${was.name} is missing (it had ${before.length}, but this one has ${now.length})`;
    if (was.name !== is.name || was.path !== is.path) {
      return `its input ${index + 1} was ${was.name} (${was.path}), but is now ${is.name} (${is.path})`;
    }
    if (was.input !== is.input) return `it had ${givenText(was)}, but this one has ${givenText(is)}`;
    const change = changeOf(was, is, was.name);
    if (change !== undefined) return change;
  }
  const more = now[before.length];
  return more === undefined ? undefined : `${more.name} was not among its inputs`;
}

function givenText({ name, input }: JobInputs["inputs"][number]): string {
  return input === undefined ? `${name} without --input` : `--input ${input}=${name}`;
}

function changeOf(was: FileState, is: FileState, name: string): string | undefined {
  if (was.sizeBytes !== is.sizeBytes) return `${name} had ${was.sizeBytes} bytes, but now has ${is.sizeBytes}`;
  return was.modifiedMs === is.modifiedMs ? undefined : `${name} has changed since`;
}
