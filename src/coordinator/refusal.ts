import { misfit } from "../app/fit.js";
import { protocolVersion, type ParamsOf } from "../rpc/protocol.js";
import type { State } from "./core/model.js";
import { isSameArgs, shownArgs } from "./job-args.js";

/** Says why this worker cannot work for the job; undefined when it can. */
export function refusal(
  { app: jobApp, args: jobArgs, settings }: Pick<State, "app" | "args" | "settings">,
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

function shown({ hash }: { hash: string }): string {
  return `content ${hash.slice(0, 8)}`;
}
