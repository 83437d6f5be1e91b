import type { Profiler } from "node:inspector";
import { join } from "node:path";
import { makeDirectories } from "../storage/directories.js";
import { profileName, temporaryPrefix } from "../output/names.js";
import { writeWhole } from "../storage/staged-file.js";
import { sendToOwnThread } from "./own-session.js";
import { withSourcePlaces } from "./source-places.js";
import type { AttemptSettings } from "./task-context.js";

/** The destination of CPU profiles: this directory, or with `true` the job's. Undefined for none. */
export type ProfileDestination = string | true | undefined;

/**
 * Runs an attempt and writes a CPU profile of its thread, even when the attempt throws, but not when the thread ends. The
 * name of the file has the number of the attempt, so no two attempts write the same file and none has to commit it. A
 * profile is not a result: if it cannot be written, a message goes to standard error, and the attempt ends as usual.
 */
export async function profiled<Result>(
  destination: ProfileDestination,
  settings: Pick<AttemptSettings, "ref" | "jobId" | "directory">,
  run: () => Promise<Result>,
): Promise<Result> {
  if (destination === undefined) return run();
  const inspector = await import("node:inspector");
  const session = new inspector.Session();
  session.connect();
  try {
    sendToOwnThread(session, "Profiler.enable");
    sendToOwnThread(session, "Profiler.start");
    try {
      return await run();
    } finally {
      const { profile } = sendToOwnThread(session, "Profiler.stop") as Profiler.StopReturnType;
      writeProfile(destination === true ? settings.directory : destination, settings, profile);
    }
  } finally {
    session.disconnect();
  }
}

function writeProfile(
  directory: string,
  { ref, jobId }: Pick<AttemptSettings, "ref" | "jobId">,
  profile: Profiler.Profile,
): void {
  try {
    makeDirectories(directory);
    const { kind, task, attempt } = ref;
    const temporaryPath = join(directory, `${temporaryPrefix(jobId, kind, task, attempt)}cpu`);
    const path = join(directory, profileName(kind, task, attempt));
    writeWhole(temporaryPath, path, JSON.stringify(withSourcePlaces(profile)), (file) => file.close());
  } catch (error) {
    console.error(`the CPU profile cannot be written: ${(error as Error).message}`);
  }
}
