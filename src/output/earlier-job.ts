/** The files that an earlier job left in the directory, which are removed when the next job's output replaces them. */
import { JobDirectory } from "./directory.js";
import { filesIn, jobFilesIn, requireSourcesApart, type JobSources } from "./job-files.js";
import { jobFileKind, looksLikeOutput, type JobFileKind } from "./names.js";

interface NextJob {
  /** The suffix of its output names. */
  readonly suffix: string;
  readonly sources: JobSources;
}

/** The kinds of files that are not an earlier job's output, but belong to the running job or an interrupted one. */
const workingKinds: readonly JobFileKind[] = ["temporary", "journal", "staged", "replaced", "publication"];

/**
 * Returns the names of the files that an earlier job left in the directory: those with names of job files, and the
 * outputs that its manifest names, which may be in a format that only its app knows. Files of `ownKinds` belong to the
 * running job.
 *
 * Throws an InputError when one is a source. Calls `warn` about files that look like outputs but stay, because their
 * origin is unknown.
 */
export function earlierFiles(
  directory: string,
  {
    suffix,
    sources,
    ownKinds = [],
    warn,
  }: NextJob & { readonly ownKinds?: readonly JobFileKind[]; readonly warn: (message: string) => void },
): string[] {
  requireSourcesApart(directory, directory, sources, suffix);
  const earlier = namesWithout([...workingKinds, ...ownKinds], directory, suffix);
  const known = new Set(earlier);
  const others = filesIn(directory)
    .filter((name) => looksLikeOutput(name) && !known.has(name))
    .sort();
  if (others.length > 0) {
    warn(
      `${directory} has ${others.slice(0, 3).join(", ")}${others.length > 3 ? ", …" : ""}, which this job did not ` +
        "write: anything that reads mr-out-* would take it for output",
    );
  }
  return earlier;
}

/**
 * Returns how many files a job's output would replace in a directory, which need not exist. Changes nothing. Throws the
 * InputError with which the job would be rejected.
 */
export function foreseeClearing(path: string, { suffix, sources }: NextJob): number {
  const directory = JobDirectory.foresee(path, sources, suffix);
  return directory === undefined ? 0 : namesWithout(workingKinds, directory, suffix).length;
}

function namesWithout(kinds: readonly JobFileKind[], directory: string, suffix: string): string[] {
  const others = new Set<JobFileKind | undefined>(kinds);
  return jobFilesIn(directory, suffix).filter((name) => !others.has(jobFileKind(name, suffix)));
}
