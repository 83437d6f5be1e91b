import type { DebuggerAddress } from "../local/debugger.js";
import { isLoopback } from "../status/host-header.js";
import { say } from "./program.js";

/** Says what it means to wait for a debugger where others than this machine can connect to. */
export function warnOfDebugger(program: string, address: DebuggerAddress | undefined): void {
  if (address === undefined || isLoopback(address.host)) return;
  say(
    program,
    `who can reach ${address.host} can connect as the debugger, and run anything as you, without a password`,
  );
}
