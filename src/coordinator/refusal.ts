import { protocolVersion, type ParamsOf } from "../rpc/protocol.js";
import type { State } from "./core/model.js";

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
  if (args !== undefined && jobArgs !== undefined && !isSame(args, jobArgs)) {
    return `this worker has ${shownArgs(args)}, and the job has ${shownArgs(jobArgs)}`;
  }
  return undefined;
}

function shown({ name, hash }: { name: string; hash: string }): string {
  return `${name} (content ${hash.slice(0, 8)})`;
}

function shownArgs(args: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(args).map(([name, value]) => `--arg ${name}=${value}`);
  return pairs.length === 0 ? "no --arg" : pairs.join(" ");
}

function isSame(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && a[name] === b[name]);
}
