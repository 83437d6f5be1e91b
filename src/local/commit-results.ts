import { join } from "node:path";
import { InputError } from "../input/input-error.js";
import type { JobDirectory } from "../output/directory.js";
import { manifestName, stagedName } from "../output/names.js";
import { publish } from "../output/publication.js";
import { commitFile } from "../storage/staged-file.js";
import { fileErrorText, isOwnFileError } from "../worker/system-error.js";
import { AppFailedError } from "./app-failed-error.js";

/** A file that an attempt has finished, and its final name. */
export interface Result {
  readonly temporaryPath: string;
  readonly name: string;
}

/**
 * Publishes the results of a job, and the manifest that `writeManifest` writes under its staged name, replacing the
 * `obsolete` files. If anything fails, throws an AppFailedError and restores what was there before. Rethrows errors of
 * `writeManifest` other than system errors.
 */
export function commitResults(
  { path }: Pick<JobDirectory, "path">,
  jobId: string,
  results: readonly Result[],
  { obsolete, writeManifest }: { readonly obsolete: readonly string[]; readonly writeManifest: () => void },
): void {
  try {
    for (const { temporaryPath, name } of results) commitFile(temporaryPath, join(path, stagedName(jobId, name)));
    writeManifest();
    publish(path, { jobId, names: [...results.map(({ name }) => name), manifestName], obsolete: [...obsolete] });
  } catch (error) {
    if (error instanceof InputError) throw new AppFailedError(`the output cannot be written: ${error.message}`);
    if (!(error instanceof Error && isOwnFileError(error))) throw error;
    throw new AppFailedError(`the output cannot be written: ${fileErrorText(error)}`);
  }
}
