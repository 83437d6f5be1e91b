import { dirname } from "node:path";
import type { JobView } from "../status/job-view.js";
import { say } from "./program.js";

/** Writes what happened when in a job, if somebody wants it. False when that is wanted and cannot be, which is told. */
export async function writeTrace(program: string, file: string | undefined, view: JobView): Promise<boolean> {
  // Of a job that no worker came to there is nothing to tell.
  if (file === undefined || view.app === undefined) return true;
  const [{ traceOf }, { behindLinks, writeForPerson }, { makeDirectories }] = await Promise.all([
    import("../status/trace.js"),
    import("../output/report.js"),
    import("../output/make-directory.js"),
  ]);
  try {
    // The output directory of a job that has failed has gone, and it may have been there.
    makeDirectories(dirname(behindLinks(file)));
    writeForPerson(file, `${JSON.stringify(traceOf(view))}\n`);
    return true;
  } catch (error) {
    say(program, `the trace cannot be written: ${(error as Error).message}`);
    return false;
  }
}
