import { statSync, type Stats } from "node:fs";
import { fsPath } from "./file-name.js";

/**
 * Inspects a path that a user typed; undefined when nothing can be there: nothing has that name, a part of the path is
 * a file, a name is too long, or it contains a NUL. Throws every other system error.
 */
export function statsOf(path: string): Stats | undefined {
  if (path.includes("\0")) return undefined;
  try {
    return statSync(fsPath(path), { throwIfNoEntry: false });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTDIR" || code === "ENAMETOOLONG") return undefined;
    throw error;
  }
}

/**
 * Inspects a path where a file will be written; undefined when nothing has that name. Throws every other system error,
 * including `ENOTDIR`. The option `throwIfNoEntry: false` differs: Node.js 20 throws ENOTDIR, but later versions return
 * undefined, as if the file could be created there.
 */
export function statsIfThere(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
