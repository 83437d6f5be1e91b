import { lstatSync } from "node:fs";
import { thrownText } from "../app/thrown.js";
import { ChangedFileError } from "../input/shared-files.js";
import { UnreadableInputError } from "../input/unreadable-input-error.js";
import type { AttemptOutcome, ReduceInput } from "../rpc/protocol.js";
import { DamagedInputError } from "../shuffle/merge/damaged-input-error.js";
import type { StoredFile } from "../shuffle/stored-file.js";
import { CombineMismatchError, LateEmitError, UnawaitedWorkError } from "./errors.js";
import { fileErrorText, isOwnFileError } from "./system-error.js";

/** How an attempt failed, as the coordinator is told; what it does about each class stands in its `core/losses.ts`. */
export type Failure = Extract<AttemptOutcome, { type: "failed" }>;

/** An input of a reduce attempt: what the coordinator calls it, and where it is. */
export interface ReduceInputFile {
  readonly input: ReduceInput;
  readonly file: StoredFile;
}

/** Classes what ended an attempt in its thread. Apps may throw anything. `inputs` are those of a reduce attempt. */
export function failureOf(error: unknown, inputs: readonly ReduceInputFile[] = []): Failure {
  if (!(error instanceof Error)) return { type: "failed", class: "error", message: thrownText(error) };
  const damage = damageIn(error);
  if (damage !== undefined) return damagedFailure(damage, inputs);
  if (error instanceof UnreadableInputError || error instanceof ChangedFileError) {
    return { type: "failed", class: "fatal", message: error.message };
  }
  if (error instanceof CombineMismatchError) return { type: "failed", class: "fatal", message: error.message };
  if (isOwnFileError(error)) return { type: "failed", class: "io", message: fileErrorText(error) };
  if (error instanceof UnawaitedWorkError) return { type: "failed", class: "fatal", message: error.message };
  return { ...appFailure(error), class: error instanceof LateEmitError ? "fatal" : "error" };
}

/** What the app's own error says of itself. */
export function appFailure(error: Error): Failure {
  const { stack } = error as { readonly stack?: unknown };
  const message = thrownText(error);
  return { type: "failed", class: "error", message, ...(typeof stack === "string" ? { stack } : {}) };
}

/** An app that reads values may have put the error into one of its own. */
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

/** Where one file is damaged more may be: a directory that was emptied must not cost a round for each. */
function damagedFailure(found: DamagedInputError, inputs: readonly ReduceInputFile[]): Failure {
  const damaged = inputs
    .filter(({ file }) => file.location === found.location || !looksIntact(file))
    .map(({ input: [map, attempt] }): [number, number] => [map, attempt]);
  const others = damaged.length - 1;
  const more = others > 0 ? ` (and so are ${others} more of its inputs, or missing)` : "";
  return { type: "failed", class: "damaged", message: `${found.message}${more}`, damaged };
}

/** As far as that is known without reading it. */
function looksIntact({ location, bytes }: StoredFile): boolean {
  try {
    const stats = lstatSync(location);
    return stats.isFile() && stats.size === bytes;
  } catch {
    return false;
  }
}
