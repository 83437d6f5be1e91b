import { unlinkSync } from "node:fs";

/**
 * Removes a file if it can be. Never throws: for the way out of an error that must not be hidden. What cannot be removed
 * stays behind under its temporary name, and the coordinator, which clears the directory, says so.
 */
export function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Mostly it is not there.
  }
}
