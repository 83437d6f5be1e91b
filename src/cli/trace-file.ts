import { dirname } from "node:path";
import type { JobView } from "../model/job-view.js";
import { say } from "./program.js";

/** Writes the timeline of a job, if requested. If it cannot, reports the error and returns false. */
export async function writeTrace(program: string, file: string | undefined, view: JobView): Promise<boolean> {
  // A job without any worker has no timeline.
  if (file === undefined || view.app === undefined) return true;
  const [{ traceOf }, { behindLinks, writeForPerson }, { makeDirectories }] = await Promise.all([
    import("../status/trace.js"),
    import("../output/report.js"),
    import("../storage/directories.js"),
  ]);
  try {
    // A failed job removes its output directory, which may have been the trace's directory.
    makeDirectories(dirname(behindLinks(file)));
    writeForPerson(file, `${JSON.stringify(traceOf(view))}\n`);
    return true;
  } catch (error) {
    say(program, `cannot write the trace: ${(error as Error).message}`);
    return false;
  }
}
