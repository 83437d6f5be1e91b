/** Which files in a directory are those of a job, so that the next one there clears them away, and which it reads itself. */
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { InputFile } from "../input/files.js";
import { InputError } from "../input/input-error.js";
import type { SharedFile } from "../rpc/protocol.js";
import { findManifest } from "./manifest.js";
import { jobFileKind, manifestName, stepNumberOf } from "./names.js";

/** The files that a job reads: they must never be cleared away as those of an earlier job. */
export interface JobSources {
  readonly inputs: readonly InputFile[];
  /** Of `--file`. */
  readonly files: readonly SharedFile[];
  /** What the first step of the pipeline reads that the job is a step of. */
  readonly pipelineInputs?: readonly InputFile[] | undefined;
}

/** Of who takes a directory and clears away only what he has made himself. */
export const noSources: JobSources = { inputs: [], files: [] };

/** The names of all that stands in a directory and is none itself. */
export function filesIn(directory: string): string[] {
  // Somebody may have removed it: then nothing of the job is there either.
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => name);
}

/** The directories in a directory in which steps of a pipeline have run. */
export function stepDirectoriesIn(directory: string): { readonly name: string; readonly number: number }[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const number = entry.isDirectory() ? stepNumberOf(entry.name) : undefined;
    return number === undefined ? [] : [{ name: entry.name, number }];
  });
}

/**
 * The names of the files of earlier jobs that stand in a directory, that of the manifest first: those with names of a job's,
 * and the outputs that the manifest names, which may be of a format that only its app knows. `suffix` is that of the names
 * of the next job's outputs.
 */
export function jobFilesIn(directory: string, suffix: string): string[] {
  const there = filesIn(directory);
  const manifests = there.filter((name) => name === manifestName);
  const listed = new Set(manifests.length === 0 ? [] : findManifest(directory)?.outputs.map(({ name }) => name));
  const isOfJob = (name: string) => jobFileKind(name, suffix) !== undefined || listed.has(name);
  return [...manifests, ...there.filter((name) => name !== manifestName && isOfJob(name))];
}

/**
 * Throws an InputError when one of the sources is a file that a job in that directory would clear away. `shown` is the
 * directory's name for people.
 */
export function requireSourcesApart(directory: string, shown: string, sources: JobSources, suffix = ""): void {
  const { inputs, files, pipelineInputs = [] } = sources;
  const named = [
    ...[...inputs, ...pipelineInputs].map((file) => ({ file, kind: "input" })),
    ...files.map((file) => ({ file, kind: "--file" })),
  ];
  const inside = named.filter(({ file: { path } }) => dirname(path) === directory);
  if (inside.length === 0) return;
  const cleared = new Set(jobFilesIn(directory, suffix));
  const lost = inside.find(({ file: { path } }) => cleared.has(basename(path)));
  if (lost === undefined) return;
  throw new InputError(
    `${lost.kind} ${lost.file.name} is in the output directory ${shown} and has the name of a job's file, ` +
      "so it would be cleared away; choose another --output-dir",
  );
}
