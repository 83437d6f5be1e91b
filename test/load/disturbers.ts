/** Clients that do what no client should, at the socket of a coordinator that has better things to do. */
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { connectUnixSocket } from "../../src/rpc/unix-socket.js";

const reconnectDelayMs = 100;

/** What has become of them. */
export interface Disturbances {
  /** How often each was cut off by the coordinator. */
  readonly cutOff: Record<keyof typeof disturbers, number>;
}

const disturbers = {
  /** Asks for what is long, and reads nothing of it. */
  deaf: async (stream: Duplex) => {
    stream.pause();
    const line = Buffer.from(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "Status" })}\n`);
    // Slowly enough not to be a flood.
    while (!stream.destroyed) {
      stream.write(line);
      await wait(1);
    }
  },
  /** Sends as much as the system takes. */
  flood: async (stream: Duplex) => {
    stream.resume();
    const lines = Buffer.from(
      `${JSON.stringify({ jsonrpc: "2.0", method: "Ping", params: [1, 2, 3] })}\n`.repeat(1000),
    );
    while (!stream.destroyed) {
      if (!stream.write(lines)) await Promise.race([once(stream, "drain"), once(stream, "close")]);
    }
  },
  /** Sends half a line, and leaves it at that. */
  half: async (stream: Duplex) => {
    stream.resume();
    stream.write('{"jsonrpc":"2.0","id":1,"method":"Register","params":{"protocol":');
    if (!stream.destroyed) await once(stream, "close");
  },
};

/** Starts one of each kind, and another one whenever one is cut off. Returns the function that ends them. */
export function disturb(socket: string): () => Disturbances {
  const cutOff = { deaf: 0, flood: 0, half: 0 };
  const streams = new Set<Duplex>();
  const over = new AbortController();
  const run = async (kind: keyof typeof disturbers): Promise<void> => {
    for (;;) {
      const stream = await connectUnixSocket(socket).catch(() => undefined);
      if (stream === undefined) return;
      streams.add(stream);
      // Errors of a stream that was cut off.
      await disturbers[kind](stream).catch(() => undefined);
      streams.delete(stream);
      // Broken, and not evil: it takes a breath before it comes again.
      await wait(reconnectDelayMs);
      if (over.signal.aborted) return;
      cutOff[kind] += 1;
    }
  };
  for (const kind of ["deaf", "flood", "half"] as const) void run(kind);
  return () => {
    over.abort();
    for (const stream of streams) stream.destroy();
    return { cutOff };
  };
}
