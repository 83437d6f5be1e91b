import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { watchForStall } from "../../src/worker/stall-watch.js";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A watch over a value that the test sets. */
function watch(timeoutMs: number) {
  const watched = { value: "a" as string | undefined, stalls: 0, stop: () => undefined as void };
  watched.stop = watchForStall(
    timeoutMs,
    () => watched.value,
    () => (watched.stalls += 1),
  );
  return watched;
}

describe("watchForStall", () => {
  it("calls once when nothing changes for the timeout", () => {
    const watched = watch(1000);
    vi.advanceTimersByTime(999);
    expect(watched.stalls).toBe(0);
    vi.advanceTimersByTime(10_000);
    expect(watched.stalls).toBe(1);
  });

  it("starts over with each change", () => {
    const watched = watch(1000);
    for (const value of ["b", "c", "d"]) {
      vi.advanceTimersByTime(900);
      watched.value = value;
    }
    vi.advanceTimersByTime(900);
    expect(watched.stalls).toBe(0);
    vi.advanceTimersByTime(1000);
    expect(watched.stalls).toBe(1);
  });

  it("does not count while any time is allowed", () => {
    const watched = watch(1000);
    watched.value = undefined;
    vi.advanceTimersByTime(100_000);
    expect(watched.stalls).toBe(0);
  });

  it("counts a late tick as one", () => {
    const watched = watch(1000);
    for (let tick = 0; tick < 10; tick++) {
      vi.setSystemTime(Date.now() + 3_600_000);
      vi.advanceTimersToNextTimer();
    }
    expect(watched.stalls).toBe(0);
  });

  it("is over when it is stopped", () => {
    const watched = watch(1000);
    watched.stop();
    vi.advanceTimersByTime(10_000);
    expect(watched.stalls).toBe(0);
  });
});
