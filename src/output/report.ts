import { randomBytes } from "node:crypto";
import { chmodSync, lstatSync, readlinkSync, realpathSync, rmSync, writeFileSync, type Stats } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { statsIfThere } from "../input/stats-of.js";
import { temporaryReportName } from "./names.js";
import { writeWhole, type StagedFile } from "./staged-file.js";

/** Writes what is kept of a job for `mr report` into the job's directory, under this name. */
export function writeReport(directory: string, jobId: string, name: string, text: string): void {
  const temporaryPath = join(directory, temporaryReportName(jobId));
  // Of a coordinator that was killed here, and whose job is gone on with.
  rmSync(temporaryPath, { force: true });
  // It holds no result: a short job need not wait for the disk.
  writeWhole(temporaryPath, join(directory, name), text, (file) => file.close());
}

/**
 * Writes what is made of it for a person, in place of the file that is there, for those who could read that; into what is
 * there if it is a pipe or a device.
 */
export function writeForPerson(path: string, text: string): void {
  const stats = statsIfThere(path);
  if (isPipeOrDevice(stats)) {
    // A file in its place would be the end of it, and of /dev/null for all of the machine.
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
/** Until all of it is there, and may be read by others. */
const ownerOnly = 0o600;

/** Where a file of this name is to be: who has made a link wants to keep it, and may have made it before the file. */
export function behindLinks(path: string): string {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return path;
  return behindLinks(resolve(realpathSync(dirname(path)), readlinkSync(path)));
}

/** Whether what is written there is not kept in a file of that name. */
export function isPipeOrDevice(stats: Stats | undefined): boolean {
  return stats !== undefined && !stats.isFile() && !stats.isDirectory();
}
