import { unlinkSync } from "node:fs";

/**
 * Removes a file if possible. Never throws, so that it can be used while handling an error that must not be hidden. A
 * file that cannot be removed keeps its temporary name, and the coordinator reports it when it clears the directory.
 */
export function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Usually the file does not exist.
  }
}
