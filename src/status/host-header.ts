import { isIPv4 } from "node:net";

/** Whether only this machine can reach a server that listens at this address. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return name === "localhost" || name === "::1" || (isIPv4(name) && name.startsWith("127."));
}

/**
 * Whether a `Host` header names this machine's loopback. A page of a stranger can have the browser ask a server at
 * 127.0.0.1 by a name of its own that it lets point there (DNS rebinding), and would then read the answer; the header
 * tells.
 */
export function isLoopbackHost(header: string | undefined): boolean {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::\d{1,5})?$/.exec(header ?? "");
  return isLoopback(match?.[1] ?? match?.[2] ?? "");
}
