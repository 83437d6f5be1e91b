import { statSync, type Stats } from "node:fs";
import { fsPath } from "./file-name.js";

/**
 * Looks at a path that a user typed; undefined when nothing can be there: nothing has that name, a part of the path is a
 * file, a name is too long for one, or it has a NUL in it. Throws every other error of the system.
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
 * Looks at a path where something is to be written; undefined when nothing has that name. Throws every other error of the
 * system, `ENOTDIR` included. The option `throwIfNoEntry: false` differs: Node.js 20 throws ENOTDIR, later versions return
 * undefined, as if the file could be made there.
 */
export function statsIfThere(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
