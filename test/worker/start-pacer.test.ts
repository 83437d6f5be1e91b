import { setImmediate as nextTurn } from "node:timers/promises";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StartSlots } from "../../src/scheduler/job/start-slots.js";
import { StartPacer, type PacerClock } from "../../src/worker/start-pacer.js";

/** A clock that goes on when everybody waits for it. */
class VirtualClock implements PacerClock {
  #nowMs = 0;
  #waiting: { readonly atMs: number; readonly wake: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  wait(ms: number): Promise<void> {
    return new Promise((wake) => this.#waiting.push({ atMs: this.#nowMs + ms, wake }));
  }

  /** Lets time pass until nobody waits, or that time has come. */
  async run(untilMs = Infinity): Promise<void> {
    for (;;) {
      await nextTurn();
      this.#waiting.sort((a, b) => a.atMs - b.atMs);
      const next = this.#waiting[0];
      if (next === undefined || next.atMs > untilMs) return;
      this.#waiting.shift();
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
    }
  }
}

const never = new AbortController().signal;

/**
 * Attempts that begin as many calls as they may, each with so much time between asking for a start and being answered, and at
 * so many calls a pause. Returns when each call has begun.
 */
async function startsOf(
  rate: number,
  attempts: readonly { calls: number; messageMs: number; pauseEvery: number; pauseMs: number; beginsAtMs: number }[],
): Promise<number[]> {
  const clock = new VirtualClock();
  const slots = new StartSlots(0);
  const starts: number[] = [];
  const running = attempts.map(async ({ calls, messageMs, pauseEvery, pauseMs, beginsAtMs }) => {
    await clock.wait(beginsAtMs);
    const pacer = new StartPacer(
      rate,
      async (wanted) => {
        await clock.wait(messageMs / 2);
        const grant = slots.reserve(rate, wanted, clock.nowMs());
        await clock.wait(messageMs / 2);
        return grant;
      },
      clock,
    );
    for (let call = 1; call <= calls; call++) {
      await pacer.mayBegin(never);
      starts.push(clock.nowMs());
      if (call % pauseEvery === 0) await clock.wait(pauseMs);
    }
  });
  await clock.run();
  await Promise.all(running);
  return starts.sort((a, b) => a - b);
}

/** The most starts in any second. */
function mostInOneSecond(starts: readonly number[]): number {
  let from = 0;
  let most = 0;
  for (const [index, atMs] of starts.entries()) {
    while ((starts[from] ?? 0) <= atMs - 1000) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
}

describe("the starts of a job with a rate", () => {
  it("lie apart by the rate in one attempt", async () => {
    const starts = await startsOf(50, [{ calls: 6, messageMs: 0, pauseEvery: 99, pauseMs: 0, beginsAtMs: 0 }]);
    expect(starts).toEqual([0, 20, 40, 60, 80, 100]);
  });

  it("are shared by all attempts, and keep up with the rate", async () => {
    const attempt = { calls: 50, messageMs: 2, pauseEvery: 99, pauseMs: 0, beginsAtMs: 0 };
    const starts = await startsOf(50, [attempt, attempt, attempt, attempt]);
    expect(starts).toHaveLength(200);
    expect(mostInOneSecond(starts)).toBeLessThanOrEqual(51);
    expect(starts.at(-1)).toBeLessThan(4100);
  });

  it("may be rarer than one in a second", async () => {
    const attempt = { calls: 2, messageMs: 0, pauseEvery: 99, pauseMs: 0, beginsAtMs: 0 };
    expect(await startsOf(0.5, [attempt, attempt])).toEqual([0, 2000, 4000, 6000]);
  });

  it("do not come in a burst after a pause", async () => {
    const starts = await startsOf(10, [{ calls: 20, messageMs: 0, pauseEvery: 5, pauseMs: 3000, beginsAtMs: 0 }]);
    expect(mostInOneSecond(starts)).toBeLessThanOrEqual(10);
  });

  it("are never more in a second than the rate says, however attempts come, go, pause and wait for answers", async () => {
    const attempt = fc.record({
      calls: fc.integer({ min: 1, max: 60 }),
      messageMs: fc.nat({ max: 30 }),
      pauseEvery: fc.integer({ min: 1, max: 20 }),
      pauseMs: fc.nat({ max: 400 }),
      beginsAtMs: fc.nat({ max: 2000 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(0.7, 3, 10, 50, 120, 400, 2000),
        fc.array(attempt, { minLength: 1, maxLength: 5 }),
        async (rate, attempts) => {
          const starts = await startsOf(rate, attempts);
          expect(starts).toHaveLength(attempts.reduce((sum, { calls }) => sum + calls, 0));
          // One more, since both ends of the second may have one; and each attempt may use those of its last answer late.
          const late = attempts.length * Math.max(1, Math.ceil(rate * 0.04));
          expect(mostInOneSecond(starts)).toBeLessThanOrEqual(Math.ceil(rate) + 1 + late);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("are not waited for once the attempt stops", async () => {
    const stop = new AbortController();
    const pacer = new StartPacer(1, () => new Promise(() => undefined), new VirtualClock());
    const waiting = pacer.mayBegin(stop.signal);
    stop.abort();
    await waiting;
  });
});
