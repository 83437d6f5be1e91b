/**
 * Files that an app reads beside its input (`--file`), such as a dictionary: Hadoop's distributed cache. Here all
 * workers share a file system, so nothing is copied, but every worker must see the same file. Each attempt compares size
 * and time before and after. A hash would say more, but each attempt would have to read the file once more.
 */
import { closeSync, fstatSync, openSync, realpathSync, statSync } from "node:fs";
import { basename } from "node:path";
import type { SharedFile } from "../model/split.js";
import { isUtf8Name, shownName } from "../storage/file-name.js";
import { changeSince, edgesOf, stateOf, type FileState } from "./file-state.js";
import { kindOf, reason } from "./files.js";
import { InputError } from "./input-error.js";

/** A file has changed since the job began. */
export class ChangedFileError extends Error {
  override readonly name = "ChangedFileError";
}

/**
 * Inspects the given files, each as `path` or `path#name`. Throws an InputError when one cannot be read, or two have
 * the same name.
 */
export function findSharedFiles(given: readonly string[]): SharedFile[] {
  const files = given.map((text) => {
    const { path, name } = partsOf(text);
    try {
      const state = stateAt(path);
      return { name, path: realpathSync(path), ...state };
    } catch (error) {
      const shown = shownName(text).replaceAll("\0", "\\0");
      throw new InputError(`cannot read --file ${shown}: ${reason(error as NodeJS.ErrnoException)}`);
    }
  });
  for (const [index, { name, path }] of files.entries()) {
    const other = files.slice(0, index).find((earlier) => earlier.name === name);
    if (other === undefined) continue;
    throw new InputError(
      `--file: ${other.path} and ${path} are both called ${name}; rename one, as in --file ${path}#other`,
    );
  }
  return files;
}

/** Throws a ChangedFileError when a file has changed since it was inspected. Growing is a change, too. */
export function requireUnchanged(files: readonly SharedFile[]): void {
  for (const { name, path, ...planned } of files) {
    const change = changeAt(path, planned);
    if (change === undefined) continue;
    throw new ChangedFileError(`--file ${name} (${path}) changed while the job ran: ${change}; run the job again`);
  }
}

/** Throws an Error when the file cannot be used. */
function stateAt(path: string): FileState {
  if (path.includes("\0")) throw new Error("a name cannot contain a NUL character");
  if (!isUtf8Name(path)) throw new Error("its name is not UTF-8, but apps receive names as strings; rename it");
  const stats = statSync(path);
  // Opening a pipe would block until a writer opens it.
  if (!stats.isFile()) throw new Error(`it is not a regular file, but ${kindOf(stats)}`);
  const state = withFile(path, (descriptor) => stateOf(descriptor, fstatSync(descriptor, { bigint: true })));
  if (state === undefined) throw new Error("its length is unknown; pass a copy of it");
  return state;
}

function changeAt(path: string, planned: FileState): string | undefined {
  try {
    const stats = statSync(path, { bigint: true });
    const edgesNow = () => withFile(path, (descriptor) => edgesOf(descriptor, planned.sizeBytes));
    return changeSince(planned, stats, edgesNow)?.text;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "it is gone" : reason(error as NodeJS.ErrnoException);
  }
}

function withFile<Result>(path: string, use: (descriptor: number) => Result): Result {
  const descriptor = openSync(path, "r");
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
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
