import { setImmediate as nextTurn } from "node:timers/promises";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runInFlight, type InFlightLimits, type InFlightWork } from "../../src/worker/in-flight.js";

/** How an item of a test behaves: it takes so many turns of the event loop, and fails or not. */
interface Behaviour {
  readonly turns: number;
  readonly fails: "not" | "at the start" | "at the end" | "when delivered";
}

interface Seen {
  /** The items that were delivered, in that order. */
  readonly delivered: number[];
  readonly error: string | undefined;
  /** The item that the error was said to belong to. */
  readonly failed: number | undefined;
}

interface Watched extends Seen {
  readonly begun: number[];
  readonly cancelled: number[];
  underWayMax: number;
  windowMax: number;
}

interface Setting extends Partial<InFlightLimits> {
  readonly concurrency: number;
  /** After so many items the reader fails. */
  readonly readFailsAfter?: number;
  /** Whether `next` gives promises. */
  readonly readsSlowly?: boolean;
  /** How many undelivered items there is room for. */
  readonly room?: number;
}

/** One after the other, in the plainest way. */
function sequential(items: readonly Behaviour[], readFailsAfter = Infinity): Seen {
  const delivered: number[] = [];
  for (const [index, { fails }] of items.entries()) {
    if (index === readFailsAfter) return { delivered, error: "unreadable", failed: undefined };
    if (fails !== "not") return { delivered, error: `${index} failed`, failed: index };
    delivered.push(index);
  }
  const isUnreadable = items.length === readFailsAfter;
  return { delivered, error: isUnreadable ? "unreadable" : undefined, failed: undefined };
}

async function inFlight(items: readonly Behaviour[], setting: Setting): Promise<Watched> {
  const { readFailsAfter = Infinity, readsSlowly = false, room = Infinity } = setting;
  const delivered: number[] = [];
  const begun: number[] = [];
  const cancelled: number[] = [];
  let [read, underWay, underWayMax, windowMax] = [0, 0, 0, 0];
  let failed: number | undefined;
  const behaviour = (index: number): Behaviour => items[index] ?? { turns: 0, fails: "not" };
  const work: InFlightWork<number> = {
    next() {
      const index = read++;
      if (index === readFailsAfter) {
        if (readsSlowly) return nextTurn().then(() => Promise.reject(new Error("unreadable")));
        throw new Error("unreadable");
      }
      const item = index < items.length ? index : undefined;
      return readsSlowly ? nextTurn(item) : item;
    },
    begin(index) {
      const { turns, fails } = behaviour(index);
      begun.push(index);
      windowMax = Math.max(windowMax, begun.length - delivered.length);
      if (fails === "at the start") throw new Error(`${index} failed`);
      if (turns === 0 && fails !== "at the end") return undefined;
      underWay += 1;
      underWayMax = Math.max(underWayMax, underWay);
      return (async () => {
        for (let turn = 0; turn < turns; turn++) await nextTurn();
        underWay -= 1;
        if (fails === "at the end") throw new Error(`${index} failed`);
      })();
    },
    hasRoom: () => begun.length - delivered.length < room,
    isFirst(index) {
      expect(index).toBe(delivered.length);
    },
    deliver(index) {
      if (behaviour(index).fails === "when delivered") throw new Error(`${index} failed`);
      delivered.push(index);
    },
    cancel: (index) => cancelled.push(index),
    underWay: (count) => expect(count).toBeLessThanOrEqual(setting.concurrency),
    failed: (item) => (failed = item),
  };
  const limits = { windowMax: 1000, signal: new AbortController().signal, cancelGraceMs: 60_000, ...setting };
  const error = await runInFlight(work, limits).then(
    () => undefined,
    (error: unknown) => (error as Error).message,
  );
  // Those that were cancelled were waited for.
  expect(underWay).toBe(0);
  return { delivered, error, failed, begun, cancelled, underWayMax, windowMax };
}

const takes = (turns: number): Behaviour => ({ turns, fails: "not" });
const failing = (turns: number, fails: Behaviour["fails"] = "at the end"): Behaviour => ({ turns, fails });

describe("several items in flight", () => {
  it("are delivered in their order, in whichever order they end", async () => {
    const seen = await inFlight([takes(9), takes(1), takes(0), takes(5), takes(2)], { concurrency: 3 });
    expect(seen).toMatchObject({ delivered: [0, 1, 2, 3, 4], error: undefined, underWayMax: 3 });
  });

  it("fail with the error of the first of them, though a later one failed before", async () => {
    const seen = await inFlight([takes(3), failing(20), takes(1), failing(2)], { concurrency: 4 });
    expect(seen).toMatchObject({ delivered: [0], error: "1 failed", failed: 1 });
  });

  it("begin no other one once one has failed, and those behind it are cancelled", async () => {
    const seen = await inFlight([takes(20), failing(1), takes(9), takes(9), takes(9)], { concurrency: 3 });
    expect(seen).toMatchObject({ begun: [0, 1, 2], cancelled: [2], delivered: [0], error: "1 failed" });
  });

  it("are all delivered before an error of the reader is thrown", async () => {
    const seen = await inFlight([takes(9), takes(5), takes(9)], { concurrency: 4, readFailsAfter: 2 });
    expect(seen).toMatchObject({ delivered: [0, 1], error: "unreadable", failed: undefined });
  });

  it("fail of their own error, when the reader has failed meanwhile", async () => {
    const seen = await inFlight([takes(1), failing(9), takes(9)], { concurrency: 4, readFailsAfter: 2 });
    expect(seen).toMatchObject({ delivered: [0], error: "1 failed", failed: 1 });
  });

  it("wait for a slow one when the window is full", async () => {
    const items = [takes(50), ...Array.from({ length: 20 }, () => takes(1))];
    const seen = await inFlight(items, { concurrency: 2, windowMax: 5 });
    expect(seen).toMatchObject({ delivered: items.map((_, index) => index), windowMax: 5, underWayMax: 2 });
  });

  it("are one at a time when there is no room", async () => {
    const seen = await inFlight([takes(3), takes(3), takes(3)], { concurrency: 3, room: 1 });
    expect(seen).toMatchObject({ delivered: [0, 1, 2], underWayMax: 1 });
  });

  it("know when they are first, before they begin", async () => {
    const calls: string[] = [];
    const items = [0, 1, 2];
    const work: InFlightWork<number> = {
      ...{ hasRoom: () => true, cancel: () => undefined, underWay: () => undefined, failed: () => undefined },
      next: () => items.shift(),
      begin(index) {
        calls.push(`${index} begins`);
        return index === 1 ? nextTurn() : undefined;
      },
      isFirst: (index) => void calls.push(`${index} is first`),
      deliver: (index) => void calls.push(`${index} is delivered`),
    };
    const limits = { concurrency: 4, windowMax: 9, signal: new AbortController().signal, cancelGraceMs: 1 };
    await runInFlight(work, limits);
    expect(calls.filter((call, index) => call !== calls[index - 1])).toEqual([
      ...["0 is first", "0 begins", "0 is delivered", "1 is first", "1 begins", "2 begins"],
      ...["1 is first", "1 is delivered", "2 is delivered"],
    ]);
  });

  it("are cancelled when the signal fires, and its reason is thrown", async () => {
    const stop = new AbortController();
    const items = Array.from({ length: 9 }, () => takes(50));
    const running = inFlight(items, { concurrency: 3, signal: stop.signal });
    await nextTurn();
    stop.abort(new Error("revoked"));
    expect(await running).toMatchObject({ error: "revoked", cancelled: [0, 1, 2], delivered: [], failed: undefined });
  });

  it("are not waited for after a failure for longer than the grace", async () => {
    const work: InFlightWork<number> = {
      ...{ hasRoom: () => true, isFirst: () => undefined, deliver: () => undefined, cancel: () => undefined },
      ...{ underWay: () => undefined, failed: () => undefined },
      next: (() => {
        let read = 0;
        return () => read++;
      })(),
      begin: (index) => (index === 0 ? Promise.reject(new Error("boom")) : new Promise<never>(() => undefined)),
    };
    const limits = { concurrency: 4, windowMax: 9, signal: new AbortController().signal, cancelGraceMs: 1 };
    await expect(runInFlight(work, limits)).rejects.toThrow("boom");
  });

  it("deliver and throw what they would one after the other, whatever their delays, failures and limits", async () => {
    const behaviour = fc.record({
      turns: fc.nat({ max: 8 }),
      fails: fc.oneof(
        { weight: 12, arbitrary: fc.constant("not" as const) },
        { weight: 1, arbitrary: fc.constantFrom("at the start", "at the end", "when delivered") },
      ),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(behaviour, { maxLength: 25 }),
        fc.record({
          concurrency: fc.integer({ min: 1, max: 6 }),
          factor: fc.integer({ min: 1, max: 3 }),
          room: fc.constantFrom(1, 2, 5, Infinity),
          readFailsAfter: fc.oneof(fc.constant(Infinity), fc.nat({ max: 25 })),
          readsSlowly: fc.boolean(),
        }),
        async (items, { concurrency, factor, room, readFailsAfter, readsSlowly }) => {
          const windowMax = concurrency * factor;
          const setting = { concurrency, windowMax, room, readFailsAfter, readsSlowly };
          const { begun, cancelled, underWayMax, windowMax: widest, ...seen } = await inFlight(items, setting);
          expect(seen).toEqual(sequential(items, readFailsAfter));
          expect(begun).toEqual(begun.map((_, index) => index));
          expect(underWayMax).toBeLessThanOrEqual(concurrency);
          expect(widest).toBeLessThanOrEqual(Math.min(windowMax, Math.max(1, room)));
          expect(cancelled.every((index) => index > (seen.failed ?? Infinity))).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
