import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { memberLimits, strangerLimits } from "../../src/rpc/limits.js";
import { Peer, type Handlers, type PeerOptions } from "../../src/rpc/peer.js";
import { deferred } from "./deferred.js";
import { duplexPair } from "./memory-transport.js";
import { request, Wire } from "./wire.js";

let nowMs = 0;
const stranger = { limits: strangerLimits, timeoutMs: 10_000 };

beforeEach(() => {
  nowMs = 0;
});

afterEach(() => vi.useRealTimers());

function serve(handlers: Handlers, options: PeerOptions = {}): { wire: Wire; peer: Peer } {
  const [near, far] = duplexPair();
  return { wire: new Wire(near), peer: new Peer(far, handlers, { nowMs: () => nowMs, ...options }) };
}

/** Expects that the other end receives this error, perhaps among replies, and that the connection is closed. */
async function expectCutOff({ wire, peer }: { wire: Wire; peer: Peer }, message: string, code = -32003): Promise<void> {
  const answers: unknown[] = [];
  for (let next = await wire.next(); next !== undefined; next = await wire.next()) answers.push(next);
  const reasons = answers.filter((answer) => JSON.stringify(answer).includes(JSON.stringify(message)));
  expect(reasons).toEqual([{ jsonrpc: "2.0", id: null, error: { code, message } }]);
  await peer.closed;
}

const ping = `${JSON.stringify(request(1, "Ping"))}\n`;

describe("an end that sends messages faster than it may", () => {
  const limits = { messages: { burst: 100, perSecond: 10 } };
  const text = "too many messages: more than 100 at once or 10 a second";

  test.each([
    ["calls", ping],
    ["notifications", '{"jsonrpc":"2.0","method":"Ping"}\n'],
    ["answers to no call", '{"jsonrpc":"2.0","id":9,"result":1}\n'],
    ["rubbish", "rubbish\n"],
    ["empty lines", "\n"],
    ["empty lines of another system", "\r\n"],
    ["empty batches", "[]\n"],
  ])("is cut off: %s", async (_, line) => {
    const handler = vi.fn(() => ({}));
    const end = serve({ Ping: handler }, { limits });
    end.wire.send(line.repeat(100));
    end.wire.send(line);
    end.wire.send(ping);
    await expectCutOff(end, text);
    expect(handler.mock.calls.length).toBeLessThanOrEqual(100);
  });

  test("is cut off for a batch, which counts as its messages and is not carried out", async () => {
    const handler = vi.fn(() => ({}));
    const end = serve({ Ping: handler }, { limits });
    end.wire.sendMessage(Array.from({ length: 101 }, () => request(1, "Ping")));
    await expectCutOff(end, text);
    expect(handler).not.toHaveBeenCalled();
  });

  test("is still served when it keeps to the rate", async () => {
    const { wire } = serve({ Ping: () => ({}) }, { limits });
    wire.send(ping.repeat(100));
    for (let i = 0; i < 100; i += 1) await wire.next();
    for (let i = 0; i < 200; i += 1) {
      nowMs += 100;
      wire.send(ping);
      expect(await wire.next()).toMatchObject({ result: {} });
    }
  });

  test("is told why when it waits for an answer", async () => {
    const [near, far] = duplexPair();
    const client = new Peer(near, {});
    const server = new Peer(far, { Ping: () => ({}) }, { limits, nowMs: () => nowMs });
    const calls = await Promise.allSettled(Array.from({ length: 120 }, () => client.call("Ping", {})));
    const reasons = calls.flatMap((call) => (call.status === "rejected" ? [String(call.reason)] : []));
    expect(reasons).toHaveLength(20);
    for (const reason of reasons) expect(reason).toContain(`came: ${text}`);
    await server.closed;
  });

  test("learns of its own call, too, that the connection ended for that", async () => {
    const { wire, peer } = serve({}, { limits });
    const call = peer.call("Ping", {});
    wire.send("\n".repeat(101));
    await expect(call).rejects.toThrow(`the connection was closed before the reply to Ping came: ${text}`);
  });
});

describe("an end that sends bytes faster than it may", () => {
  const limits = { bytes: { burst: 1000, perSecond: 100 } };

  test("is cut off, also when they are no whole line", async () => {
    const end = serve({}, { limits });
    for (let i = 0; i < 11; i += 1) end.wire.send("x".repeat(100));
    await expectCutOff(end, "too many bytes: more than 1000 at once or 100 a second");
  });

  test("is still served when it keeps to the rate", async () => {
    const { wire } = serve({ Ping: () => ({}) }, { limits });
    for (let i = 0; i < 100; i += 1) {
      nowMs += 1000;
      wire.send(ping);
      expect(await wire.next()).toMatchObject({ result: {} });
    }
  });
});

describe("an end with many calls that wait for an answer", () => {
  test("is cut off when they are more than it may have", async () => {
    const end = serve({ RequestTask: () => new Promise(() => undefined) }, { limits: { callsMax: 5 } });
    for (let i = 0; i < 6; i += 1) end.wire.sendMessage(request(i, "RequestTask", { worker: "w" }));
    await expectCutOff(end, "more than 5 calls are unanswered");
  });

  test("is cut off when they are in a batch with calls that could be answered", async () => {
    const end = serve(
      { RequestTask: () => new Promise(() => undefined), Ping: () => ({}) },
      { limits: { callsMax: 5 } },
    );
    const batch = [request(0, "RequestTask", { worker: "w" }), ...Array.from({ length: 5 }, () => request(1, "Ping"))];
    end.wire.sendMessage(batch);
    await expectCutOff(end, "more than 5 calls are unanswered");
  });

  test("is still served at the limit, and beyond when calls are answered", async () => {
    const polls = Array.from({ length: 10 }, () => deferred<{ type: "wait" }>());
    let asked = 0;
    const { wire } = serve(
      { RequestTask: () => polls[asked++]?.promise ?? { type: "wait" } },
      { limits: { callsMax: 5 } },
    );
    for (const half of [polls.slice(0, 5), polls.slice(5)]) {
      for (const id of half.keys()) wire.sendMessage(request(id, "RequestTask", { worker: "w" }));
      wire.sendMessage(1);
      expect(await wire.next()).toMatchObject({ error: { code: -32600 } });
      for (const poll of half) poll.resolve({ type: "wait" });
      for (const id of half.keys()) expect(await wire.next()).toMatchObject({ id, result: { type: "wait" } });
    }
  });

  test("may send any number at once that need not wait, as a worker does when the coordinator was stopped", async () => {
    const { wire } = serve({ Ping: () => ({}) });
    wire.send(ping.repeat(1000));
    for (let i = 0; i < 1000; i += 1) expect(await wire.next()).toMatchObject({ result: {} });
  });
});

describe("a stranger", () => {
  const longCall = request(1, "RequestTask", { worker: "w", much: "x".repeat(strangerLimits.lineBytesMax) });
  const tooLong = `message is longer than ${strangerLimits.lineBytesMax} bytes`;

  test("is cut off at a long message", async () => {
    const end = serve({ RequestTask: () => ({ type: "wait" }) }, { stranger });
    end.wire.sendMessage(longCall);
    await expectCutOff(end, tooLong, -32600);
  });

  test("may send what a member may once it is trusted", async () => {
    const { wire } = serve({ RequestTask: () => ({ type: "wait" }), Status: trust }, { stranger });
    wire.sendMessage(request(1, "Status"));
    await wire.next();
    wire.sendMessage(longCall);
    expect(await wire.next()).toMatchObject({ error: { code: -32602 } });
    wire.send(ping.repeat(strangerLimits.messages.burst + 1));
    for (let i = 0; i <= strangerLimits.messages.burst; i += 1) {
      expect(await wire.next()).toMatchObject({ error: { code: -32601 } });
    }
  });

  test("is cut off when nobody trusts it in time, and not when somebody does", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const [silent, known] = [serve({}, { stranger }), serve({ Status: trust }, { stranger })];
    known.wire.sendMessage(request(1, "Status"));
    await known.wire.next();
    vi.advanceTimersByTime(stranger.timeoutMs - 1);
    silent.wire.send(ping);
    expect(await silent.wire.next()).toMatchObject({ error: { code: -32601 } });
    vi.advanceTimersByTime(1);
    await expectCutOff(silent, "no registration within 10000 ms");
    known.wire.send(ping);
    expect(await known.wire.next()).toMatchObject({ error: { code: -32601 } });
    known.peer.destroy();
  });

  test("that may stay has all the time, and still no more room than a stranger", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const letStay = (_params: object, peer: Peer): never => {
      peer.letStay();
      return {} as never;
    };
    const end = serve({ Status: letStay }, { stranger });
    end.wire.sendMessage(request(1, "Status"));
    await end.wire.next();
    vi.advanceTimersByTime(2 * stranger.timeoutMs);
    end.wire.send(ping);
    expect(await end.wire.next()).toMatchObject({ error: { code: -32601 } });
    end.wire.sendMessage(longCall);
    await expectCutOff(end, tooLong, -32600);
  });

  test("is heard when its time is over and this process had no time to read", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { wire, peer } = serve({ Status: trust }, { stranger });
    wire.sendMessage(request(1, "Status"));
    vi.advanceTimersByTime(stranger.timeoutMs);
    await wire.next();
    wire.send(ping);
    expect(await wire.next()).toMatchObject({ error: { code: -32601 } });
    peer.destroy();
  });

  function trust(_params: object, peer: Peer): never {
    peer.trust();
    return {} as never;
  }
});

describe("an end that does not read", () => {
  test("is cut off when what it has not read is too much, but never for one message", async () => {
    const [near, far] = duplexPair();
    const peer = new Peer(far, { Ping: () => ({ text: "x".repeat(5000) }) }, { unreadBytesMax: 1000 });
    const client = new Peer(near, {});
    await expect(client.call("Ping", {})).rejects.toThrow("the result of Ping is not valid");
    near.pause();
    const calls = [client.call("Ping", {}), client.call("Ping", {}), client.call("Ping", {}), client.call("Ping", {})];
    calls.forEach((call) => void call.catch(() => undefined));
    await peer.closed;
    expect(far.destroyed).toBe(true);
    await client.close();
  });
});

test("what a busy worker with the smallest tasks sends all the time is within the limits of a member", () => {
  const { messages, bytes } = memberLimits;
  expect(messages.perSecond).toBeGreaterThan(2 * 2000);
  expect(bytes.perSecond).toBeGreaterThan(2 * 5_000_000);
  expect(bytes.burst).toBeGreaterThan(2 * memberLimits.lineBytesMax);
});
