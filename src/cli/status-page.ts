import type { StatusServer } from "../status/server.js";
import { say } from "./program.js";

interface Given {
  readonly statusPort?: number | undefined;
  readonly statusHost: string;
}

/**
 * Serves the status page if requested, and prints its address even with --quiet: the user must be able to find the page, and
 * know who else can see it. Rejects with a StatusAddressError if the address is unavailable; call this before the job begins.
 */
export async function startStatusPage(
  program: string,
  { statusPort: port, statusHost: host }: Given,
): Promise<StatusServer | undefined> {
  if (port === undefined) return undefined;
  const [{ StatusServer }, { isLoopback }, { readStatusPage }] = await Promise.all([
    import("../status/server.js"),
    import("../status/host-header.js"),
    import("../status/page-file.js"),
  ]);
  const server = await StatusServer.listen({ host, port, page: readStatusPage() });
  say(program, `status page at ${server.url}`);
  if (!isLoopback(host)) {
    const shown = "names of files, errors and what the app prints, without a password";
    say(program, `anyone who can reach ${host} can see it: ${shown}`);
  }
  return server;
}
