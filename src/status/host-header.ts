import { isIPv4 } from "node:net";

/** Whether only this machine can reach a server that listens at this address. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return name === "localhost" || name === "::1" || (isIPv4(name) && name.startsWith("127."));
}

/**
 * Whether a `Host` header names this machine's loopback. A hostile page can make its own host name point to 127.0.0.1
 * (DNS rebinding), so that the browser sends requests here and lets the page read the replies; the header reveals it.
 */
export function isLoopbackHost(header: string | undefined): boolean {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::\d{1,5})?$/.exec(header ?? "");
  return isLoopback(match?.[1] ?? match?.[2] ?? "");
}
