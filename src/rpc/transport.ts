/**
 * What a transport is: a way to listen at an address and to connect to it, giving Node streams of bytes in both
 * directions. `Peer` makes messages of them. Each transport passes `test/rpc/transport-contract.ts`.
 */

/** A place that takes connections until it is closed. */
export interface Listener {
  /** What to give to the connecting side. */
  readonly address: string;
  /** Stops taking connections and frees the address. Connections that exist stay. May be called more than once. */
  close(): Promise<void>;
  /**
   * The same, but leaves the address as it was found: as that of a process that was killed, if it was that. So whoever waits
   * there for that process does not take it for ended. After it `close` does nothing.
   */
  withdraw(): Promise<void>;
}
