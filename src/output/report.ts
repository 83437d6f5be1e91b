import { randomBytes } from "node:crypto";
import { chmodSync, lstatSync, readlinkSync, realpathSync, rmSync, writeFileSync, type Stats } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { statsIfThere } from "../storage/directories.js";
import { temporaryReportName } from "./names.js";
import { writeWhole, type StagedFile } from "../storage/staged-file.js";

/** Writes the data for `mr report` into the job's directory, under this name. */
export function writeReport(directory: string, jobId: string, name: string, text: string): void {
  const temporaryPath = join(directory, temporaryReportName(jobId));
  // Left by a coordinator that was killed here and whose job was resumed.
  rmSync(temporaryPath, { force: true });
  // It contains no result: a short job need not wait for the disk.
  writeWhole(temporaryPath, join(directory, name), text, (file) => file.close());
}

/**
 * Writes a page or another derived file for a user. It replaces an existing file but keeps its permissions; a pipe or a
 * device is written to instead.
 */
export function writeForPerson(path: string, text: string): void {
  const stats = statsIfThere(path);
  if (isPipeOrDevice(stats)) {
    // Replacing it with a file would destroy it, and if it is /dev/null, for the whole machine.
    writeFileSync(path, text);
    return;
  }
  const target = behindLinks(path);
  const temporaryPath = join(dirname(target), temporaryReportName(randomBytes(4).toString("hex")));
  const end = (file: StagedFile) => {
    if (stats !== undefined) chmodSync(temporaryPath, stats.mode & permissions);
    return file.finish();
  };
  writeWhole(temporaryPath, target, text, end, stats === undefined ? undefined : ownerOnly);
}

const permissions = 0o777;
/** The mode until the file is complete and others may read it. */
const ownerOnly = 0o600;

/**
 * Resolves the links at a place to write to: a user who created a link wants to keep it, perhaps before its target
 * exists.
 */
export function behindLinks(path: string): string {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return path;
  return behindLinks(resolve(realpathSync(dirname(path)), readlinkSync(path)));
}

/** Whether data written there is not stored in a file of that name. */
export function isPipeOrDevice(stats: Stats | undefined): boolean {
  return stats !== undefined && !stats.isFile() && !stats.isDirectory();
}
