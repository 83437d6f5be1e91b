import type { StatusServer } from "../status/server.js";

interface Given {
  readonly statusPort?: number | undefined;
  readonly statusHost: string;
}

/**
 * Serves the status page, if it is wanted, and says where. Rejects with a StatusAddressError when the address cannot be
 * had: to be called before the job begins.
 */
export async function startStatusPage(
  { statusPort: port, statusHost: host }: Given,
  log: (message: string) => void,
): Promise<StatusServer | undefined> {
  if (port === undefined) return undefined;
  const [{ StatusServer }, { isLoopback }, { readStatusPage }] = await Promise.all([
    import("../status/server.js"),
    import("../status/host-header.js"),
    import("../status/page-file.js"),
  ]);
  const server = await StatusServer.listen({ host, port, page: readStatusPage() });
  log(`status page at ${server.url}`);
  if (!isLoopback(host)) {
    log(`who can reach ${host} can see it: names of files, errors and what the app prints, without a password`);
  }
  return server;
}
