import { afterEach, assert, beforeEach, describe, expect, test, vi, type MockInstance } from "vitest";
import {
  ConnectionClosedError,
  InvalidResultError,
  MessageTooLongError,
  RefusedError,
  refusedCode,
  RemoteError,
} from "../../src/rpc/errors.js";
import { Peer, type Handlers, type PeerOptions } from "../../src/rpc/peer.js";
import { deferred } from "./deferred.js";
import { duplexPair } from "./memory-transport.js";
import { request, Wire } from "./wire.js";

const unhandled: unknown[] = [];
const note = (error: unknown) => unhandled.push(error);
const consoleMethods = ["log", "info", "warn", "error", "debug"] as const;
let spies: MockInstance[] = [];

beforeEach(() => {
  process.on("unhandledRejection", note);
  spies = consoleMethods.map((method) => vi.spyOn(console, method));
});

afterEach(async () => {
  // Rejections without a handler are reported after the microtasks of a turn.
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
  for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

function serve(handlers: Handlers, options: PeerOptions = {}): { wire: Wire; peer: Peer } {
  const [near, far] = duplexPair();
  return { wire: new Wire(near), peer: new Peer(far, handlers, options) };
}

function pair(near: Handlers, far: Handlers, options: PeerOptions = {}): [Peer, Peer] {
  const [a, b] = duplexPair();
  return [new Peer(a, near, options), new Peer(b, far, options)];
}

describe("what arrives at a peer", () => {
  test.each([
    ["text", "hello", -32700, "Parse error"],
    ["half an object", '{"jsonrpc":"2.0"', -32700, "Parse error"],
    ["null", "null", -32600, "Invalid Request"],
    ["a number", "7", -32600, "Invalid Request"],
    ["a string", '"Ping"', -32600, "Invalid Request"],
    ["an empty object", "{}", -32600, "Invalid Request"],
    ["another version", '{"jsonrpc":"1.0","method":"Ping"}', -32600, "Invalid Request"],
    ["a method that is a number", '{"jsonrpc":"2.0","method":1}', -32600, "Invalid Request"],
    ["an id that no JSON can give back", '{"jsonrpc":"2.0","method":"Ping","id":1e999}', -32600, "Invalid Request"],
    ["an id that is an object", '{"jsonrpc":"2.0","method":"Ping","id":{}}', -32600, "Invalid Request"],
    ["an id without measure", JSON.stringify(request("i".repeat(5000), "Ping")), -32600, "Invalid Request"],
    ["an empty batch", "[]", -32600, "batch is empty"],
    ["a batch without measure", `[${"1,".repeat(5000)}1]`, -32600, "batch has more than 1000 messages"],
  ])("is answered with an error and id null when it is %s", async (_, line, code, message) => {
    const { wire } = serve({ Ping: () => ({}) });
    wire.send(`${line}\n`);
    expect(await wire.next()).toEqual({ jsonrpc: "2.0", id: null, error: { code, message } });
    wire.sendMessage(request(1, "Ping"));
    expect(await wire.next()).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
  });

  test("is answered one by one in a batch, with nulls in it or not", async () => {
    const { wire } = serve({ Ping: () => ({}) });
    const notification = { jsonrpc: "2.0", method: "Ping" };
    wire.sendMessage([null, request("a", "Ping"), notification, 3, [], { jsonrpc: "2.0", id: 77, result: 1 }]);
    const invalid = { jsonrpc: "2.0", id: null, error: { code: -32600, message: "Invalid Request" } };
    expect(await wire.next()).toEqual([invalid, { jsonrpc: "2.0", id: "a", result: {} }, invalid, invalid]);
    wire.sendMessage([null]);
    expect(await wire.next()).toEqual([invalid]);
  });

  test.each(["NoSuchMethod", "Shutdown", "__proto__", "toString", "constructor", "hasOwnProperty", ""])(
    "is answered with -32601 when nobody here handles the method %j",
    async (method) => {
      const { wire } = serve({ Ping: () => ({}) });
      wire.sendMessage(request(5, method, {}));
      const error = { code: -32601, message: "Method not found" };
      expect(await wire.next()).toEqual({ jsonrpc: "2.0", id: 5, error });
    },
  );

  test.each([
    [{}, /^worker: Invalid key: Expected "worker"/],
    [{ worker: 7 }, /^worker: Invalid type: Expected string but received 7$/],
    [{ worker: "" }, /^worker: Invalid length: Expected >=1 but received 0$/],
    [{ worker: "w", ref: { kind: "map", task: -1, attempt: 1 } }, /^ref\.task: Invalid value: Expected >=0 but/],
    [{ worker: "w", ref: { kind: "a\nb".repeat(9000), task: 0, attempt: 1 } }, /^ref\.kind: .{10,1000}…$/],
    [["w"], /^worker: /],
    ["w", /^Invalid type: Expected Object but received "w"$/],
  ])("is answered with -32602 and one line about the field when params are wrong", async (params, text) => {
    const handler = vi.fn(() => ({ granted: true }));
    const { wire } = serve({ MayCommit: handler });
    wire.sendMessage(request(5, "MayCommit", params));
    const message = expect.stringMatching(text) as string;
    expect(await wire.next()).toEqual({ jsonrpc: "2.0", id: 5, error: { code: -32602, message } });
    expect(handler).not.toHaveBeenCalled();
  });

  test("may leave out params where the method takes none", async () => {
    const { wire } = serve({ Ping: () => ({}) });
    wire.send('{"jsonrpc":"2.0","id":null,"method":"Ping"}\n');
    expect(await wire.next()).toEqual({ jsonrpc: "2.0", id: null, result: {} });
  });

  test("is carried out without an answer when it is a notification, even a failing one", async () => {
    const handler = vi.fn(() => Promise.reject(new Error("no")));
    const { wire } = serve({ CancelTask: handler, Ping: () => ({}) });
    const params = { ref: { kind: "map", task: 0, attempt: 1 } };
    wire.sendMessage({ jsonrpc: "2.0", method: "CancelTask", params });
    wire.sendMessage({ jsonrpc: "2.0", method: "CancelTask", params: 1 });
    wire.sendMessage({ jsonrpc: "2.0", method: "NoSuchMethod" });
    wire.sendMessage(request(1, "Ping"));
    expect(await wire.next()).toMatchObject({ id: 1 });
    expect(handler).toHaveBeenCalledOnce();
  });

  test.each([
    { jsonrpc: "2.0", id: 1, result: {} },
    { jsonrpc: "2.0", id: "__proto__", error: { code: 1, message: "x" } },
    { jsonrpc: "2.0", id: null, error: 5 },
    { result: null },
    { error: null },
  ])("is ignored when it is a response to no call: %j", async (response) => {
    const { wire } = serve({ Ping: () => ({}) });
    wire.sendMessage(response);
    wire.sendMessage(request("next", "Ping"));
    expect(await wire.next()).toMatchObject({ id: "next" });
  });

  test("is not carried out once the peer closes, since the answer could not be sent", async () => {
    const handler = vi.fn(() => ({}));
    const { wire, peer } = serve({ Ping: handler });
    const closed = peer.close();
    wire.sendMessage(request(1, "Ping"));
    await closed;
    expect(handler).not.toHaveBeenCalled();
  });
});

describe("a handler", () => {
  test.each([
    [
      "a refusal with data",
      new RefusedError(refusedCode, "wrong app", { job: "wc" }),
      refusedCode,
      "wrong app",
      { job: "wc" },
    ],
    ["a refusal", new RefusedError(-32002, "who are you?"), -32002, "who are you?", undefined],
    ["an error", new TypeError("x is not a function"), -32603, "x is not a function", undefined],
    ["a string", "a string", -32603, "a string", undefined],
    ["null", null, -32603, "internal error", undefined],
    [
      "an error whose message is no text",
      Object.assign(new Error("x"), { message: Symbol("not text") }),
      -32603,
      "internal error",
      undefined,
    ],
    ["an error with a long message", new Error("long".repeat(1000)), -32603, `${"long".repeat(250)}…`, undefined],
  ])("that throws %s gives the caller code, message and data, and no stack", async (_, thrown, code, message, data) => {
    const [worker] = pair(
      {},
      {
        Ping: () => {
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- what apps and libraries throw is not ours
          throw thrown;
        },
      },
    );
    const error: unknown = await worker.call("Ping", {}).catch((reason: unknown) => reason);
    assert.instanceOf(error, RemoteError);
    expect(error).toMatchObject({ code, message });
    expect(error.data).toEqual(data);
    expect(JSON.stringify(error)).not.toContain("peer.test.ts");
  });

  test("is called with its own `this`, checked params and the peer that asked", async () => {
    class Coordinator {
      seen: unknown[] = [];
      MayCommit(...seen: unknown[]) {
        this.seen = seen;
        return { granted: false };
      }
    }
    const coordinator = new Coordinator();
    const [worker, far] = pair({}, coordinator);
    const params = { worker: "w", ref: { kind: "map", task: 0, attempt: 1 } } as const;
    expect(await worker.call("MayCommit", params)).toEqual({ granted: false });
    expect(coordinator.seen).toEqual([params, far]);
  });

  test("whose result cannot be written as JSON gives an error", async () => {
    const [worker] = pair({}, { Ping: () => ({ n: 1n }) });
    await expect(worker.call("Ping", {})).rejects.toThrow(/^the reply cannot be sent: .*BigInt/);
  });

  test("whose result is too long to send gives an error", async () => {
    const outcome = { type: "exit", outcome: "x".repeat(5000) };
    const [worker] = pair({}, { RequestTask: () => outcome as never }, { messageBytesMax: 4000 });
    await expect(worker.call("RequestTask", { worker: "w" })).rejects.toThrow(
      "the reply cannot be sent: message is longer than 4000 bytes",
    );
  });

  test("that is still running when the connection closes does no harm when it ends", async () => {
    const work = deferred<never>();
    const started = deferred();
    const [worker, coordinator] = pair(
      {},
      {
        RequestTask: () => {
          started.resolve();
          return work.promise;
        },
      },
    );
    const outcome = expect(worker.call("RequestTask", { worker: "w" })).rejects.toThrow(ConnectionClosedError);
    await started.promise;
    await coordinator.close();
    await outcome;
    work.reject(new Error("too late"));
  });
});

describe("a call", () => {
  test("is rejected when its result does not fit the schema", async () => {
    const [worker] = pair({}, { MayCommit: () => ({ granted: "perhaps" }) as never });
    const params = { worker: "w", ref: { kind: "map", task: 0, attempt: 1 } } as const;
    const outcome = worker.call("MayCommit", params);
    await expect(outcome).rejects.toThrow(InvalidResultError);
    await expect(outcome).rejects.toThrow(/^the result of MayCommit is not valid: granted: Invalid type/);
  });

  test.each([[5], [null], ["no"], [{ code: "x", message: {} }]])(
    "is rejected with a RemoteError even when the error of the answer is %j",
    async (error) => {
      const [near, far] = duplexPair();
      const call = new Peer(near, {}).call("Ping", {});
      const wire = new Wire(far);
      const { id } = (await wire.next()) as { id: number };
      wire.sendMessage({ jsonrpc: "2.0", id, error });
      await expect(call).rejects.toThrow(RemoteError);
      await expect(call).rejects.toMatchObject({ code: -32603 });
    },
  );

  test("that is too long is rejected before it is sent, and the connection stays", async () => {
    const [worker] = pair({}, { Ping: () => ({}), RequestTask: vi.fn() }, { messageBytesMax: 1000 });
    await expect(worker.call("RequestTask", { worker: "w".repeat(1000) })).rejects.toThrow(MessageTooLongError);
    expect(await worker.call("Ping", {})).toEqual({});
  });

  test("that is too long for the other end is rejected with the reason", async () => {
    const [near, far] = duplexPair();
    const coordinator = new Peer(far, {}, { messageBytesMax: 100 });
    const call = new Peer(near, {}).call("RequestTask", { worker: "w".repeat(1000) });
    await expect(call).rejects.toThrow(ConnectionClosedError);
    await expect(call).rejects.toThrow(/message is longer than 100 bytes$/);
    await coordinator.closed;
  });

  test("is rejected with the reason when the stream breaks", async () => {
    const [near] = duplexPair();
    const call = new Peer(near, {}).call("Ping", {});
    near.destroy(new Error("read ECONNRESET"));
    await expect(call).rejects.toThrow("the connection was closed before the reply to Ping came: read ECONNRESET");
  });
});

describe("a peer", () => {
  test("is closed from the start on a stream that is gone", async () => {
    const [near] = duplexPair();
    near.destroy();
    await new Promise((resolve) => near.once("close", resolve));
    const peer = new Peer(near, {});
    await peer.closed;
    await peer.close();
    await expect(peer.call("Ping", {})).rejects.toThrow(ConnectionClosedError);
  });

  test("may be closed by both ends at once, more than once, and destroyed after", async () => {
    const [a, b] = pair({}, {});
    await Promise.all([a.close(), b.close(), a.close()]);
    a.destroy();
    await Promise.all([a.close(), b.closed]);
  });

  test("ends when the other end has sent its last request and ended its half, with the answer sent", async () => {
    const { wire, peer } = serve({ Ping: () => ({}) });
    wire.sendMessage(request(1, "Ping"));
    expect(await wire.next()).toMatchObject({ id: 1, result: {} });
    wire.stream.end("half a mess");
    await peer.closed;
    expect(await wire.next()).toBeUndefined();
  });
});
