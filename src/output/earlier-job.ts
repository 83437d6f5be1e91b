/** What an earlier job has left in the directory, which is cleared away when the next one has begun there. */
import type { InputFile } from "../input/files.js";
import { filesIn, JobDirectory, requireNoInput } from "./directory.js";
import { findManifest } from "./manifest.js";
import { jobFileKind, looksLikeOutput, manifestName, type JobFileKind } from "./names.js";

interface NextJob {
  /** Of the names of its outputs. */
  readonly suffix: string;
  readonly inputs: readonly InputFile[];
}

/**
 * Removes what an earlier job has left in the directory: the files with names of a job's, and the outputs that its manifest
 * names, which may be of a format that only its app knows. The manifest comes first: it is there only with all that it speaks
 * of. Returns how many files there were.
 *
 * Throws an InputError, before anything is removed, when one of them is an input. `warn` is told of what looks like an output
 * and stays, since nobody knows whose it is.
 */
export function clearEarlierJob(
  directory: JobDirectory,
  {
    ownKinds,
    warn,
    ...job
  }: NextJob & {
    /** Of files that this job has made already. */
    readonly ownKinds: readonly JobFileKind[];
    readonly warn: (message: string) => void;
  },
): number {
  const cleared = directory.remove(filesToClear(directory.path, directory.path, job, ownKinds));
  const others = filesIn(directory.path).filter(looksLikeOutput).sort();
  if (others.length > 0) {
    warn(
      `${directory.path} has ${others.slice(0, 3).join(", ")}${others.length > 3 ? ", …" : ""}, which this job has not ` +
        "made: what reads mr-out-* would take it for output",
    );
  }
  return cleared;
}

/**
 * How many files a job would clear away in a directory, which need not exist. Makes and changes nothing. Throws an InputError
 * for what the job would be refused for.
 */
export function foreseeClearing(path: string, job: NextJob): number {
  const directory = JobDirectory.foresee(path, job.inputs);
  return directory === undefined ? 0 : filesToClear(directory, path, job, []).length;
}

/** Their names, that of the manifest first. Throws an InputError when one of them is an input; `shown` is for people. */
function filesToClear(
  directory: string,
  shown: string,
  { suffix, inputs }: NextJob,
  ownKinds: readonly JobFileKind[],
): string[] {
  const there = filesIn(directory);
  const manifests = there.filter((name) => name === manifestName);
  const listed = new Set(manifests.length === 0 ? [] : findManifest(directory)?.outputs.map(({ name }) => name));
  const names = new Set(
    there.filter((name) => {
      const kind = jobFileKind(name, suffix);
      return (kind !== undefined && !ownKinds.includes(kind)) || listed.has(name);
    }),
  );
  requireNoInput(directory, shown, inputs, (name) => names.has(name));
  return [...manifests, ...[...names].filter((name) => name !== manifestName)];
}
