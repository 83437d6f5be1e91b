/** What an earlier job has left in the directory, which goes when the output of the next one takes its place. */
import { JobDirectory } from "./directory.js";
import { filesIn, jobFilesIn, requireSourcesApart, type JobSources } from "./job-files.js";
import { jobFileKind, looksLikeOutput, type JobFileKind } from "./names.js";

interface NextJob {
  /** Of the names of its outputs. */
  readonly suffix: string;
  readonly sources: JobSources;
}

/** The kinds of files that are not the output of an earlier job, but belong to the job that runs, or to one that was interrupted. */
const workingKinds: readonly JobFileKind[] = ["temporary", "journal", "staged", "replaced", "publication"];

/**
 * The names of what an earlier job has left in the directory: the files with names of a job's, and the outputs that its manifest
 * names, which may be of a format that only its app knows. Files of `ownKinds` are those of the job that runs.
 *
 * Throws an InputError when one of them is a source. `warn` is told of what looks like an output and stays, since nobody knows
 * whose it is.
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
      `${directory} has ${others.slice(0, 3).join(", ")}${others.length > 3 ? ", …" : ""}, which this job has not ` +
        "made: what reads mr-out-* would take it for output",
    );
  }
  return earlier;
}

/**
 * How many files the output of a job would replace in a directory, which need not exist. Makes and changes nothing. Throws an
 * InputError for what the job would be refused for.
 */
export function foreseeClearing(path: string, { suffix, sources }: NextJob): number {
  const directory = JobDirectory.foresee(path, sources, suffix);
  return directory === undefined ? 0 : namesWithout(workingKinds, directory, suffix).length;
}

function namesWithout(kinds: readonly JobFileKind[], directory: string, suffix: string): string[] {
  const others = new Set<JobFileKind | undefined>(kinds);
  return jobFilesIn(directory, suffix).filter((name) => !others.has(jobFileKind(name, suffix)));
}
