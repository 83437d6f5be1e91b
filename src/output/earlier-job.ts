/** What an earlier job has left in the directory, which is cleared away when the next one has begun there. */
import { JobDirectory } from "./directory.js";
import { filesIn, jobFilesIn, requireSourcesApart, type JobSources } from "./job-files.js";
import { jobFileKind, looksLikeOutput, type JobFileKind } from "./names.js";

interface NextJob {
  /** Of the names of its outputs. */
  readonly suffix: string;
  readonly sources: JobSources;
}

/**
 * Removes what an earlier job has left in the directory: the files with names of a job's, and the outputs that its manifest
 * names, which may be of a format that only its app knows. The manifest comes first: it is there only with all that it speaks
 * of. Returns how many files there were.
 *
 * Throws an InputError, before anything is removed, when one of them is a source. `warn` is told of what looks like an output
 * and stays, since nobody knows whose it is.
 */
export function clearEarlierJob(
  directory: JobDirectory,
  {
    suffix,
    sources,
    ownKinds,
    warn,
  }: NextJob & {
    /** Of files that this job has made already. */
    readonly ownKinds: readonly JobFileKind[];
    readonly warn: (message: string) => void;
  },
): number {
  requireSourcesApart(directory.path, directory.path, sources, suffix);
  const isOwn = (name: string) => ownKinds.some((kind) => kind === jobFileKind(name, suffix));
  const cleared = directory.remove(jobFilesIn(directory.path, suffix).filter((name) => !isOwn(name)));
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
export function foreseeClearing(path: string, { suffix, sources }: NextJob): number {
  const directory = JobDirectory.foresee(path, sources, suffix);
  return directory === undefined ? 0 : jobFilesIn(directory, suffix).length;
}
