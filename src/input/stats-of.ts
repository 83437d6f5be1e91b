import { statSync, type Stats } from "node:fs";

/**
 * What is at a path that a person has typed; undefined when nothing can be there. Throws what else the system says. Node's own
 * `throwIfNoEntry: false` throws, too, when a part of the path is a file, and when a name is too long for one.
 */
export function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTDIR" || code === "ENAMETOOLONG") return undefined;
    throw error;
  }
}
