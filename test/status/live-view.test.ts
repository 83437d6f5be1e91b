import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveView } from "../../src/status/live-view.js";
import { viewOf } from "./job-views.js";

/** The parts of a response that are used, for a watcher that reads only on request. */
class Reader {
  readonly received: string[] = [];
  writableNeedDrain = false;
  isDestroyed = false;

  on(): void {
    // It never closes by itself.
  }

  write(text: string): void {
    this.received.push(text);
  }

  destroy(): void {
    this.isDestroyed = true;
  }
}

describe("a watcher", () => {
  let elapsedMs = 0;

  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  function watch(take = () => viewOf({ elapsedMs: elapsedMs++ })): Reader {
    const reader = new Reader();
    new LiveView(take).watch(reader as unknown as ServerResponse);
    // The delay before the next try, and the whole view.
    expect(reader.received.splice(0)).toHaveLength(2);
    return reader;
  }

  it("that reads slowly is sent nothing until it has read everything, and then the changes since", () => {
    const reader = watch();
    reader.writableNeedDrain = true;
    vi.advanceTimersByTime(5000);
    expect(reader.received).toEqual([]);
    reader.writableNeedDrain = false;
    vi.advanceTimersByTime(300);
    expect(reader.received).toEqual([`data: {"elapsedMs":${elapsedMs - 1}}\n\n`]);
  });

  it("that reads nothing for half a minute is given up, but not before", () => {
    const reader = watch();
    reader.writableNeedDrain = true;
    vi.advanceTimersByTime(29_000);
    expect(reader.isDestroyed).toBe(false);
    vi.advanceTimersByTime(2000);
    expect(reader.isDestroyed).toBe(true);
  });

  it("a job without changes sends a sign of life now and then", () => {
    const view = viewOf();
    const reader = watch(() => view);
    vi.advanceTimersByTime(9000);
    expect(reader.received).toEqual([]);
    vi.advanceTimersByTime(2000);
    expect(reader.received).toEqual([": still here\n\n"]);
  });
});
