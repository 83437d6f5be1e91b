import { statSync, type Stats } from "node:fs";
import { fsPath } from "./file-name.js";

/**
 * What is at a path that a person has typed; undefined when nothing can be there. Throws what else the system says. Node's own
 * `throwIfNoEntry: false` also throws when a part of the path is a file, when a name is too long for one, and for NUL.
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
