/**
 * Files that an app reads beside its input (`--file`), such as a dictionary: what Hadoop calls the distributed cache. Here
 * all workers share a file system, so nothing is copied; what all of them must see is the same file.
 */
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { basename } from "node:path";
import type { SharedFile } from "../rpc/protocol.js";
import { reason } from "./files.js";
import { InputError } from "./input-error.js";
import { statsOf } from "./stats-of.js";

/** A file is not what it was when the job began. */
export class ChangedFileError extends Error {
  override readonly name = "ChangedFileError";
}

/**
 * Looks at the files that were given, as `path` or as `path#name`. Throws an InputError when one cannot be read, or two
 * have one name.
 */
export function findSharedFiles(given: readonly string[]): SharedFile[] {
  const files = given.map((text) => {
    const { path, name } = partsOf(text);
    try {
      const stats = statSync(path);
      if (!stats.isFile()) throw new Error("it is not a regular file");
      accessSync(path, constants.R_OK);
      return { name, path: realpathSync(path), sizeBytes: stats.size, modifiedMs: stats.mtimeMs };
    } catch (error) {
      throw new InputError(`cannot read --file ${text}: ${reason(error as NodeJS.ErrnoException)}`);
    }
  });
  for (const [index, { name, path }] of files.entries()) {
    const other = files.slice(0, index).find((earlier) => earlier.name === name);
    if (other === undefined) continue;
    throw new InputError(
      `--file: ${other.path} and ${path} are both called ${name}; give one another name, as in --file ${path}#other`,
    );
  }
  return files;
}

/** Throws a ChangedFileError when a file was changed since it was looked at, as its size and its time say. */
export function requireUnchanged(files: readonly SharedFile[]): void {
  for (const { name, path, sizeBytes, modifiedMs } of files) {
    const stats = statsOf(path);
    if (stats?.isFile() === true && stats.size === sizeBytes && stats.mtimeMs === modifiedMs) continue;
    const now =
      stats === undefined
        ? "is gone"
        : stats.size === sizeBytes
          ? "was changed"
          : `had ${sizeBytes} bytes, and has ${stats.size}`;
    throw new ChangedFileError(`--file ${name} must stay as it is while the job runs: ${path} ${now}`);
  }
}

function partsOf(text: string): { readonly path: string; readonly name: string } {
  const at = text.lastIndexOf("#");
  const path = at === -1 ? text : text.slice(0, at);
  const name = at === -1 ? basename(path) : text.slice(at + 1);
  if (path === "" || name === "") {
    throw new InputError(`--file ${text === "" ? '""' : text}: it must be a path, or a path and a name: path#name`);
  }
  return { path, name };
}
