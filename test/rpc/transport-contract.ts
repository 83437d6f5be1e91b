/** What every transport must do for `Peer`, whatever carries the bytes. */
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConnectionClosedError } from "../../src/rpc/errors.js";
import { Peer, type Handlers, type PeerOptions } from "../../src/rpc/peer.js";
import type { Assignment } from "../../src/model/assignment.js";
import type { Listener } from "../../src/rpc/transport.js";
import { deferred, type Deferred } from "./deferred.js";
import { request, Wire } from "./wire.js";

const plain = { skip: [], marksRecords: false };

/** Starts to listen at a fresh address, and returns how to connect to it. */
export type TransportFactory = (
  onConnection: (stream: Duplex) => void,
) => Promise<{ listener: Listener; connect: () => Promise<Duplex> }>;

export function describeTransport(name: string, factory: TransportFactory): void {
  describe(`${name} as a transport`, () => {
    let listener: Listener;
    let connect: () => Promise<Duplex>;
    let accepted: Deferred<Duplex>;
    const streams: Duplex[] = [];

    beforeEach(async () => {
      accepted = deferred<Duplex>();
      ({ listener, connect } = await factory((stream) => {
        streams.push(stream);
        accepted.resolve(stream);
      }));
    });

    afterEach(async () => {
      for (const stream of streams.splice(0)) stream.destroy();
      await listener.close();
    });

    /** A fresh connection: the stream of the connecting side, then that of the listening side. */
    async function connection(): Promise<[Duplex, Duplex]> {
      accepted = deferred<Duplex>();
      const near = await connect();
      streams.push(near);
      return [near, await accepted.promise];
    }

    async function peers(near: Handlers, far: Handlers, options: PeerOptions = {}): Promise<[Peer, Peer]> {
      const [nearStream, farStream] = await connection();
      return [new Peer(nearStream, near, options), new Peer(farStream, far, options)];
    }

    test("both ends call each other at the same time", async () => {
      const status = { granted: true };
      const [worker, coordinator] = await peers({ Ping: () => ({}) }, { MayCommit: () => status });
      const commit = { worker: "w", ref: { kind: "map", task: 0, attempt: 1 } } as const;
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          i % 2 === 0 ? worker.call("MayCommit", commit) : coordinator.call("Ping", {}),
        ),
      );
      expect(answers).toEqual(Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? status : {})));
    });

    test("a handler may call back the peer that called it", async () => {
      const [worker] = await peers(
        { Ping: () => ({}) },
        { MayCommit: async (_params, peer) => ({ granted: Object.keys(await peer.call("Ping", {})).length === 0 }) },
      );
      const commit = { worker: "w", ref: { kind: "map", task: 0, attempt: 1 } } as const;
      expect(await worker.call("MayCommit", commit)).toEqual({ granted: true });
    });

    test("a call that waits long does not delay others", async () => {
      const work = deferred<Assignment>();
      const [worker] = await peers({}, { RequestTask: () => work.promise, Heartbeat: () => ({ cancel: [] }) });
      const longPoll = worker.call("RequestTask", { worker: "w" });
      for (let i = 0; i < 20; i += 1) {
        await worker.call("Heartbeat", { worker: "w", attempts: [], memoryBytes: i });
      }
      work.resolve({ type: "exit", outcome: "done" });
      expect(await longPoll).toEqual({ type: "exit", outcome: "done" });
    });

    test("1000 calls at once each get their own answer, although they are answered in reverse", async () => {
      const waiting: (() => void)[] = [];
      const [worker] = await peers(
        {},
        {
          RequestTask: ({ worker }) =>
            new Promise((resolve) => {
              const split = { file: worker, path: `/${worker}`, startBytes: 0, endBytes: 1 };
              const ref = { kind: "map", task: waiting.length, attempt: 1 } as const;
              waiting.push(() => resolve({ type: "map", ref, splits: [split], ...plain }));
              if (waiting.length === 1000) for (const answer of waiting.reverse()) answer();
            }),
        },
        { limits: { callsMax: 1000 } },
      );
      const names = Array.from({ length: 1000 }, (_, i) => `worker ${i}`);
      const answers = await Promise.all(names.map((name) => worker.call("RequestTask", { worker: name })));
      expect(answers.map((answer) => (answer.type === "map" ? answer.splits[0]?.file : ""))).toEqual(names);
    });

    test("a message of a megabyte with characters of every length arrives whole", async () => {
      const text = "aé漢😀\u2028\u0000\ud800".repeat(70_000);
      const [worker] = await peers(
        {},
        { RequestTask: () => ({ type: "map", ref, splits: [{ ...split, file: text }], ...plain }) },
      );
      const ref = { kind: "map", task: 0, attempt: 1 } as const;
      const split = { path: "/", startBytes: 0, endBytes: 0 };
      expect(await worker.call("RequestTask", { worker: "w" })).toMatchObject({ splits: [{ file: text }] });
    });

    test("answers from before close are sent, and both ends learn that it is closed", async () => {
      const work = deferred<Assignment>();
      const polled = deferred();
      const [worker, coordinator] = await peers(
        {},
        {
          RequestTask: () => {
            polled.resolve();
            return work.promise;
          },
        },
      );
      const longPoll = worker.call("RequestTask", { worker: "w" });
      await polled.promise;
      work.resolve({ type: "exit", outcome: "done" });
      await coordinator.close();
      expect(await longPoll).toEqual({ type: "exit", outcome: "done" });
      await worker.closed;
    });

    test("calls without an answer are rejected when the other end closes, and calls after that at once", async () => {
      const [worker, coordinator] = await peers({}, { RequestTask: () => new Promise(() => undefined) });
      const longPoll = worker.call("RequestTask", { worker: "w" });
      const outcome = expect(longPoll).rejects.toThrow(ConnectionClosedError);
      await coordinator.close();
      await outcome;
      await worker.closed;
      await expect(worker.call("RequestTask", { worker: "w" })).rejects.toThrow(ConnectionClosedError);
    });

    test("an end that is destroyed, as by the death of its process, rejects the calls of the other", async () => {
      const [worker, coordinator] = await peers({ Ping: () => new Promise(() => undefined) }, {});
      const outcome = expect(coordinator.call("Ping", {})).rejects.toThrow(
        /^the connection was closed before the reply to Ping came/,
      );
      worker.destroy();
      await outcome;
      await Promise.all([worker.closed, coordinator.closed]);
    });

    test("close does not wait forever for an end that never reads", async () => {
      const [, far] = await connection();
      const peer = new Peer(far, {}, { closeTimeoutMs: 20 });
      await peer.close();
      expect(far.destroyed).toBe(true);
    });

    test("a peer that never reads its replies is cut off", async () => {
      const [near, far] = await connection();
      const unlimited = { burst: Infinity, perSecond: 0 };
      const limits = { messages: unlimited, bytes: unlimited, callsMax: Infinity };
      const peer = new Peer(far, { Ping: () => ({}) }, { limits, unreadBytesMax: 64 * 1024 });
      const block = Buffer.from(`${JSON.stringify(request(1, "Ping"))}\n`.repeat(100));
      while (!far.destroyed) {
        const written = deferred();
        near.write(block, () => written.resolve());
        await Promise.race([written.promise, peer.closed]);
      }
      await peer.closed;
      expect(far.destroyed).toBe(true);
    });

    test("a message over the limit is answered with an error, and then the connection ends", async () => {
      const [near, far] = await connection();
      const peer = new Peer(far, { Ping: () => ({}) }, { messageBytesMax: 1000 });
      const wire = new Wire(near);
      wire.sendMessage(request(1, "Ping"));
      wire.sendMessage(request(2, "Ping", "x".repeat(1000)));
      wire.sendMessage(request(3, "Ping"));
      const answers = [await wire.next(), await wire.next()];
      const error = { code: -32600, message: "message is longer than 1000 bytes" };
      expect(answers).toContainEqual({ jsonrpc: "2.0", id: null, error });
      expect(answers).toContainEqual({ jsonrpc: "2.0", id: 1, result: {} });
      expect(await wire.next()).toBeUndefined();
      await peer.closed;
    });

    test("a closed listener keeps its connections and accepts no new one", async () => {
      const [worker] = await peers({}, { Ping: () => ({}) });
      await listener.close();
      await listener.close();
      await expect(connect()).rejects.toMatchObject({ code: expect.stringMatching(/ENOENT|ECONNREFUSED/) as string });
      expect(await worker.call("Ping", {})).toEqual({});
    });

    test("many connections at once are kept apart", async () => {
      const served: Peer[] = [];
      const other = await factory((stream) => {
        streams.push(stream);
        const number = served.length;
        served.push(
          new Peer(stream, { RequestTask: ({ worker }) => Promise.reject(new Error(`${worker} ${number}`)) }),
        );
      });
      const clients = await Promise.all(Array.from({ length: 30 }, async () => new Peer(await other.connect(), {})));
      const answers = await Promise.all(
        clients.map((peer, i) =>
          peer.call("RequestTask", { worker: `w${i}` }).catch((error: unknown) => String(error)),
        ),
      );
      expect(new Set(answers).size).toBe(30);
      await Promise.all(clients.map((peer) => peer.close()));
      await Promise.all(served.map((peer) => peer.closed));
      await other.listener.close();
    });

    test("a connection that breaks without an error listener does no harm", async () => {
      const [near, far] = await connection();
      near.destroy(new Error("broken"));
      far.resume();
      if (!far.closed) await once(far, "close");
      expect(far.destroyed).toBe(true);
    });
  });
}
