/**
 * Which files in a directory belong to a job, so that the next job there clears them away, and which files a job reads.
 */
import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import type { InputFile } from "../input/files.js";
import { InputError } from "../input/input-error.js";
import type { SharedFile } from "../model/split.js";
import { findManifest } from "./manifest.js";
import { directoryIn } from "../model/output-names.js";
import { jobFileKind, manifestName, stepNumberOf } from "./names.js";

/** The files that a job reads: they must never be cleared away as an earlier job's. */
export interface JobSources {
  readonly inputs: readonly InputFile[];
  /** The files given by `--file`. */
  readonly files: readonly SharedFile[];
  /** If the job is a step of a pipeline, the inputs of the pipeline's first step. */
  readonly pipelineInputs?: readonly InputFile[] | undefined;
}

/** For code that locks a directory and clears away only what it created itself. */
export const noSources: JobSources = { inputs: [], files: [] };

/** The names of all entries of a directory that are not directories. */
export function filesIn(directory: string): string[] {
  // If the directory was removed, no file of the job is left either.
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => name);
}

/** The subdirectories in which steps of a pipeline have run. */
export function stepDirectoriesIn(directory: string): { readonly name: string; readonly number: number }[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const number = entry.isDirectory() ? stepNumberOf(entry.name) : undefined;
    return number === undefined ? [] : [{ name: entry.name, number }];
  });
}

/**
 * Returns the names of earlier jobs' files in a directory, the manifest first: those with names of job files, and the
 * outputs that the manifest names, which may be in a format that only its app knows. `suffix` is the suffix of the next
 * job's output names.
 */
export function jobFilesIn(directory: string, suffix: string): string[] {
  const there = filesIn(directory);
  const manifests = there.filter((name) => name === manifestName);
  const outputs = manifests.length === 0 ? [] : (findManifest(directory)?.outputs.map(({ name }) => name) ?? []);
  const listed = new Set(outputs);
  const inDirectories = outputs.filter((name) => directoryIn(name) !== undefined && existsSync(join(directory, name)));
  const isOfJob = (name: string) => jobFileKind(name, suffix) !== undefined || listed.has(name);
  return [...manifests, ...there.filter((name) => name !== manifestName && isOfJob(name)), ...inDirectories];
}

/**
 * Throws an InputError when a source is a file that a job in that directory would clear away. `shown` is the
 * directory's name for display.
 */
export function requireSourcesApart(directory: string, shown: string, sources: JobSources, suffix = ""): void {
  const { inputs, files, pipelineInputs = [] } = sources;
  const named = [
    ...[...inputs, ...pipelineInputs].map((file) => ({ file, kind: "input" })),
    ...files.map((file) => ({ file, kind: "--file" })),
  ];
  const inside = named.filter(({ file: { path } }) => path.startsWith(join(directory, "/")));
  if (inside.length === 0) return;
  const cleared = new Set(jobFilesIn(directory, suffix));
  const lost = inside.find(({ file: { path } }) => cleared.has(relative(directory, path)));
  if (lost === undefined) return;
  throw new InputError(
    `${lost.kind} ${lost.file.name} is in the output directory ${shown} and has the name of a job's file, ` +
      "so it would be cleared away; choose another --output-dir",
  );
}
