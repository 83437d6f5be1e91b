import { lstatSync } from "node:fs";
import { readableError, thrownText } from "../app/thrown.js";
import { ChangedFileError } from "../input/shared-files.js";
import { UnreadableInputError } from "../input/unreadable-input-error.js";
import type { AttemptOutcome } from "../model/attempt.js";
import type { ReduceInput } from "../model/assignment.js";
import { DamagedInputError } from "../shuffle/merge/damaged-input-error.js";
import { requireIntact } from "../shuffle/merge/stored-bytes.js";
import type { StoredFile } from "../shuffle/stored-file.js";
import { atWorkOf } from "./at-work.js";
import { CombineMismatchError, LateEmitError, SkipLimitError, UnawaitedWorkError } from "./errors.js";
import { fileErrorText, isOwnFileError } from "./system-error.js";

/** How an attempt failed, as reported to the coordinator, whose `scheduler/job/losses.ts` handles each class. */
export type Failure = Extract<AttemptOutcome, { type: "failed" }>;

/** An input of a combine or reduce attempt: the coordinator's name for it, and its file. */
export interface ReduceInputFile {
  readonly input: ReduceInput;
  readonly file: StoredFile;
}

/**
 * Classifies the error that ended an attempt in its thread. Apps may throw anything. `inputs` are those of a combine or
 * reduce attempt. If the app has failed, and `onBlock` is given, they are read once more, since damage to a long file
 * shows only at its end, and the app may have failed at what the damage made of a value. Calls `onBlock` meanwhile.
 */
export function failureOf(thrown: unknown, inputs: readonly ReduceInputFile[] = [], onBlock?: () => void): Failure {
  const failure = classified(thrown, inputs);
  const damage = failure.class === "error" && onBlock !== undefined ? firstDamage(inputs, onBlock) : undefined;
  return damage === undefined ? failure : damagedFailure(damage, inputs);
}

function classified(thrown: unknown, inputs: readonly ReduceInputFile[]): Failure {
  if (thrown instanceof SkipLimitError) {
    return { ...failureOf(thrown.cause), skippedBefore: thrown.skippedBefore };
  }
  const error = readableError(thrown);
  const atWork = atWorkOf(thrown);
  const given = atWork === undefined ? {} : { atWork };
  if (!(error instanceof Error)) return { type: "failed", class: "error", message: thrownText(error), ...given };
  const damage = damageIn(error);
  if (damage !== undefined) return damagedFailure(damage, inputs);
  if (error instanceof UnreadableInputError || error instanceof ChangedFileError) {
    return { type: "failed", class: "fatal", message: error.message };
  }
  if (error instanceof CombineMismatchError) return { type: "failed", class: "fatal", message: error.message };
  if (isOwnFileError(error)) return { type: "failed", class: "io", message: fileErrorText(error) };
  if (error instanceof UnawaitedWorkError) return { type: "failed", class: "fatal", message: error.message };
  return { ...appFailure(error), ...given, class: error instanceof LateEmitError ? "fatal" : "error" };
}

/** The failure that an app's own error describes. */
export function appFailure(error: Error): Failure {
  const { stack } = error as { readonly stack?: unknown };
  const message = thrownText(error);
  const atWork = atWorkOf(error);
  return {
    type: "failed",
    class: "error",
    message,
    ...(typeof stack === "string" ? { stack } : {}),
    ...(atWork === undefined ? {} : { atWork }),
  };
}

/** An app that reads values may have wrapped the error in its own. */
function damageIn(error: Error): DamagedInputError | undefined {
  const seen = new Set<unknown>();
  let at: unknown = error;
  while (at instanceof Error && !seen.has(at)) {
    if (at instanceof DamagedInputError) return at;
    seen.add(at);
    at = at.cause;
  }
  return undefined;
}

/** Reads the inputs until one turns out to be damaged. */
function firstDamage(inputs: readonly ReduceInputFile[], onBlock: () => void): DamagedInputError | undefined {
  try {
    for (const { file } of inputs) requireIntact(file, onBlock);
  } catch (error) {
    // Another error says nothing about the files.
    if (error instanceof DamagedInputError) return error;
  }
  return undefined;
}

/** If one file is damaged, others may be, too: an emptied directory must not cost a round for each file. */
function damagedFailure(found: DamagedInputError, inputs: readonly ReduceInputFile[]): Failure {
  const damaged = inputs
    .filter(({ file }) => file.location === found.location || !looksIntact(file))
    .map(({ input: [number, attempt] }): [number, number] => [number, attempt]);
  const others = damaged.length - 1;
  const more = others > 0 ? ` (${others} more of its inputs are damaged or missing, too)` : "";
  return { type: "failed", class: "damaged", message: `${found.message}${more}`, damaged };
}

/** As far as that can be seen without reading the file. */
function looksIntact({ location, bytes }: StoredFile): boolean {
  try {
    const stats = lstatSync(location);
    return stats.isFile() && stats.size === bytes;
  } catch {
    return false;
  }
}
