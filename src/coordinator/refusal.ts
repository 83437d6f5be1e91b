import { misfit } from "../app/fit.js";
import { differingExport } from "../app/map-side.js";
import { protocolVersion, type ParamsOf } from "../rpc/protocol.js";
import type { AppIdentity } from "../model/app-identity.js";
import type { JobState } from "../scheduler/job/job.js";
import { isSameArgs, shownArgs } from "./job-args.js";

/** Says why this worker cannot work for the job; undefined when it can. */
export function refusal(
  { app: jobApp, args: jobArgs, settings }: Pick<JobState, "app" | "args" | "settings">,
  { app, args, protocol }: Pick<ParamsOf<"Register">, "app" | "args" | "protocol">,
): string | undefined {
  if (protocol !== protocolVersion) {
    return `this worker speaks protocol ${protocol} and the coordinator ${protocolVersion}: use the same version of both`;
  }
  if (jobApp !== undefined && jobApp.hash !== app.hash) {
    if (jobApp.name === app.name) {
      return `this worker's ${app.name} differs from the job's: it has changed (${shown(app)}, not ${shown(jobApp)})`;
    }
    return `this worker runs app ${app.name} (${shown(app)}), but the job runs app ${jobApp.name} (${shown(jobApp)})`;
  }
  if (args !== undefined && jobArgs !== undefined && !isSameArgs(args, jobArgs)) {
    return `this worker has ${shownArgs(args)}, but the job has ${shownArgs(jobArgs)}`;
  }
  return misfit(app, { ...settings, args: jobArgs ?? args ?? {} });
}

/**
 * Says why a job cannot keep its finished map tasks with this version of its app; undefined when it can, as far as is
 * visible.
 */
export function mapSideProblem(
  { app: jobApp, reduces }: Pick<JobState, "app" | "reduces">,
  app: AppIdentity,
): string | undefined {
  if (jobApp?.name !== app.name) return `it ran the app ${jobApp?.name ?? ""}, but this one runs ${app.name}`;
  if (reduces.length === 0) return `${app.name} has changed, and its map tasks write the output themselves`;
  if (jobApp.mapSide === undefined || app.mapSide === undefined) return `${app.name} has changed, perhaps its map`;
  const name = differingExport(jobApp.mapSide, app.mapSide);
  return (
    name &&
    `${app.name} has changed, and so has its ${name} (or it cannot be compared), which decides what map tasks write`
  );
}

function shown({ hash }: { hash: string }): string {
  return `content ${hash.slice(0, 8)}`;
}
