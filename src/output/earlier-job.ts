import type { InputFile } from "../input/files.js";
import { filesIn, requireNoInput, type JobDirectory } from "./directory.js";
import { findManifest } from "./manifest.js";
import { looksLikeOutput, type JobFileKind } from "./names.js";

/**
 * Removes what an earlier job has left in the directory: the files of these kinds, and the outputs that its manifest names,
 * which may be of a format that only its app knows. The manifest comes first: it is there only with all that it speaks of.
 * Returns how many files there were.
 *
 * Throws an InputError, before anything is removed, when one of them is an input. `warn` is told of what looks like an output
 * and stays, since nobody knows whose it is.
 */
export function clearEarlierJob(
  directory: JobDirectory,
  {
    kinds,
    suffix,
    inputs,
    warn,
  }: {
    readonly kinds: readonly JobFileKind[];
    /** Of the names of this job's outputs. */
    readonly suffix: string;
    readonly inputs: readonly InputFile[];
    readonly warn: (message: string) => void;
  },
): number {
  const manifests = directory.files(["manifest"]);
  const listed = manifests.length === 0 ? [] : (findManifest(directory.path)?.outputs.map(({ name }) => name) ?? []);
  const names = new Set([...directory.files(kinds, suffix), ...listed]);
  requireNoInput(directory.path, directory.path, inputs, (name) => names.has(name));
  const cleared = directory.remove([...manifests, ...names]);
  const others = filesIn(directory.path).filter(looksLikeOutput).sort();
  if (others.length > 0) {
    warn(
      `${directory.path} has ${others.slice(0, 3).join(", ")}${others.length > 3 ? ", …" : ""}, which this job has not ` +
        "made: what reads mr-out-* would take it for output",
    );
  }
  return cleared;
}
