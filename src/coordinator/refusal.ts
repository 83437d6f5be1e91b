import { protocolVersion, type ParamsOf } from "../rpc/protocol.js";
import type { State } from "./core/model.js";
import { isSameArgs, shownArgs } from "./job-args.js";

/** Why this worker cannot work for the job; undefined when it can. */
export function refusal(
  { app: jobApp, args: jobArgs }: Pick<State, "app" | "args">,
  { app, args, protocol }: Pick<ParamsOf<"Register">, "app" | "args" | "protocol">,
): string | undefined {
  if (protocol !== protocolVersion) {
    return `this worker speaks protocol ${protocol} and the coordinator ${protocolVersion}: use the same version of both`;
  }
  if (jobApp !== undefined && jobApp.hash !== app.hash) {
    return `this worker runs app ${shown(app)}, and the job is of app ${shown(jobApp)}`;
  }
  if (args !== undefined && jobArgs !== undefined && !isSameArgs(args, jobArgs)) {
    return `this worker has ${shownArgs(args)}, and the job has ${shownArgs(jobArgs)}`;
  }
  return undefined;
}

function shown({ name, hash }: { name: string; hash: string }): string {
  return `${name} (content ${hash.slice(0, 8)})`;
}
