import type { DebuggerAddress } from "../local/debugger.js";
import { isLoopback } from "../status/host-header.js";
import { say } from "./program.js";

/** Warns if other machines can connect to the debugger. */
export function warnOfDebugger(program: string, address: DebuggerAddress | undefined): void {
  if (address === undefined || isLoopback(address.host)) return;
  say(
    program,
    `anyone who can reach ${address.host} can connect as the debugger, and run anything as you, without a password`,
  );
}
