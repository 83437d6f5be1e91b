/** Misbehaving clients at the socket of a busy coordinator. */
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { connectUnixSocket } from "../../src/rpc/unix-socket.js";

const reconnectDelayMs = 100;

/** What happened to them. */
export interface Disturbances {
  /** How often the coordinator cut off each kind. */
  readonly cutOff: Record<keyof typeof disturbers, number>;
}

const disturbers = {
  /** Requests long replies, and does not read them. */
  deaf: async (stream: Duplex) => {
    stream.pause();
    const line = Buffer.from(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "Status" })}\n`);
    // Slowly enough not to be a flood.
    while (!stream.destroyed) {
      stream.write(line);
      await wait(1);
    }
  },
  /** Sends as much as the system accepts. */
  flood: async (stream: Duplex) => {
    stream.resume();
    const lines = Buffer.from(
      `${JSON.stringify({ jsonrpc: "2.0", method: "Ping", params: [1, 2, 3] })}\n`.repeat(1000),
    );
    while (!stream.destroyed) {
      if (!stream.write(lines)) await Promise.race([once(stream, "drain"), once(stream, "close")]);
    }
  },
  /** Sends half a line, and then nothing. */
  half: async (stream: Duplex) => {
    stream.resume();
    stream.write('{"jsonrpc":"2.0","id":1,"method":"Register","params":{"protocol":');
    if (!stream.destroyed) await once(stream, "close");
  },
};

/** Starts one client of each kind, and another whenever one is cut off. Returns a function that ends them. */
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
      // Broken, but not hostile: it pauses before it reconnects.
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
