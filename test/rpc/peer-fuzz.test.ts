import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Peer, type Handlers } from "../../src/rpc/peer.js";
import { methods } from "../../src/rpc/protocol.js";
import { duplexPair } from "./memory-transport.js";

const handlers: Handlers = {
  Ping: () => ({}),
  MayCommit: () => ({ granted: true }),
  Heartbeat: () => Promise.reject(new Error("no")),
};

const name = fc.oneof(fc.constantFrom(...Object.keys(methods), "__proto__", "toString", "rpc.x"), fc.jsonValue());
const id = fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.jsonValue());
/** Nearly a message: each part may be missing, wrong or right. */
const almost = fc.record(
  {
    jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant("2.0") }, fc.jsonValue()),
    id,
    method: name,
    params: fc.oneof(fc.jsonValue(), fc.constant({}), fc.record({ worker: fc.string(), ref: fc.jsonValue() })),
    result: fc.jsonValue(),
    error: fc.oneof(fc.jsonValue(), fc.record({ code: fc.integer(), message: fc.string() })),
  },
  { requiredKeys: [] },
);
const line = fc
  .oneof(almost, fc.array(almost, { maxLength: 4 }), fc.array(fc.jsonValue(), { maxLength: 4 }), fc.jsonValue())
  .map((message) => Buffer.from(`${JSON.stringify(message)}\n`));
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const cutLine = fc.tuple(line, fc.nat(100)).map(([whole, length]) => whole.subarray(0, length));

describe("a peer that is sent rubbish", () => {
  test("does not throw, ends its connection in order, and serves the next one", async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on("unhandledRejection", note);
    process.on("uncaughtException", note);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(line, bytes, cutLine), { maxLength: 12 }), async (chunks) => {
        const [near, far] = duplexPair();
        const peer = new Peer(far, handlers, { messageBytesMax: 1500 });
        // Pending calls too, with the ids that a stranger would guess.
        const calls = [peer.call("Ping", {}), peer.call("MayCommit", commit)].map((call) =>
          call.catch(() => undefined),
        );
        near.on("error", () => undefined).resume();
        for (const chunk of chunks) near.write(chunk);
        near.end();
        await peer.closed;
        await Promise.all(calls);
        await expectGoodCall();
      }),
      { numRuns: 500 },
    );
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);
    process.off("uncaughtException", note);
    expect(unhandled).toEqual([]);
  });
});

const commit = { worker: "w", ref: { kind: "map", task: 0, attempt: 1 } } as const;

async function expectGoodCall(): Promise<void> {
  const [near, far] = duplexPair();
  const [worker, coordinator] = [new Peer(near, {}), new Peer(far, handlers)];
  expect(await worker.call("MayCommit", commit)).toEqual({ granted: true });
  worker.destroy();
  coordinator.destroy();
}
