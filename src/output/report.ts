import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { reportName, temporaryReportName } from "./names.js";
import { commitFile, StagedFile } from "./staged-file.js";

/** Writes what is kept of a job for `mr report` into the job's directory. */
export function writeReport(directory: string, jobId: string, text: string): void {
  const temporaryPath = join(directory, temporaryReportName(jobId));
  // Of a coordinator that was killed here, and whose job is gone on with.
  rmSync(temporaryPath, { force: true });
  // It holds no result: a short job need not wait for the disk.
  write(temporaryPath, join(directory, reportName), text, (file) => file.close());
}

/** Writes what is made of it for a person, in place of what is there. */
export function writeForPerson(path: string, text: string): void {
  const temporaryPath = join(dirname(path), temporaryReportName(randomBytes(4).toString("hex")));
  write(temporaryPath, path, text, (file) => file.finish());
}

function write(temporaryPath: string, path: string, text: string, end: (file: StagedFile) => unknown): void {
  const file = StagedFile.create(temporaryPath);
  try {
    file.append(text);
    end(file);
    commitFile(temporaryPath, path);
  } catch (error) {
    file.discard();
    throw error;
  }
}
