/**
 * The transport interface: listens at an address and connects to it, yielding Node streams of bytes in both directions.
 * `Peer` turns the bytes into messages. Each transport passes `test/rpc/transport-contract.ts`.
 */

/** Accepts connections until it is closed. */
export interface Listener {
  /** The address for the connecting side. */
  readonly address: string;
  /** Stops accepting connections and frees the address. Existing connections stay. May be called more than once. */
  close(): Promise<void>;
  /**
   * Like `close`, but leaves the address as it was found, so that it looks as if this process had been killed. A client
   * that waits there for the previous process does not conclude that it has ended. After this, `close` does nothing.
   */
  withdraw(): Promise<void>;
}
