import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StrayErrors } from "../../src/local/stray-errors.js";

/** As Node does when a callback throws. */
function throwAstray(error: unknown): void {
  process.emit("uncaughtException", error as Error);
}

const done = () => Promise.resolve("done");

describe("a stray error of an app", () => {
  let before: NodeJS.UncaughtExceptionListener[] = [];
  let stray: StrayErrors;

  beforeEach(() => {
    // The test runner's listeners.
    before = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    stray = new StrayErrors();
  });

  afterEach(() => {
    stray.close();
    expect(process.listeners("uncaughtException")).toEqual([]);
    for (const listener of before) process.on("uncaughtException", listener);
  });

  it("ends only the running piece of its code, even if that would never end", async () => {
    const ended = stray.endOf(() => new Promise(() => undefined));
    throwAstray("late");
    await expect(ended).rejects.toBe("late");
    await expect(stray.endOf(done)).resolves.toBe("done");
  });

  it("while no code runs ends only the next piece", async () => {
    throwAstray("early");
    await expect(stray.endOf(done)).rejects.toBe("early");
    await expect(stray.endOf(done)).resolves.toBe("done");
    throwAstray("at the end");
    const told: unknown[] = [];
    stray.tell((error) => told.push(error));
    expect(told).toEqual(["at the end"]);
  });

  it("in the turn after a piece has returned belongs to it", async () => {
    const ended = stray.endOf(() => {
      setImmediate(throwAstray, "late");
      return done();
    });
    await expect(ended).rejects.toBe("late");
  });

  it("between two pieces ends the next one before it begins", async () => {
    throwAstray("between");
    let isBegun = false;
    const next = stray.endOf(() => {
      isBegun = true;
      return done();
    });
    await expect(next).rejects.toBe("between");
    expect(isBegun).toBe(false);
  });

  it("after the last piece is reported", async () => {
    await stray.endOf(done);
    const told: unknown[] = [];
    stray.tell((error) => told.push(error));
    throwAstray("after");
    expect(told).toEqual(["after"]);
  });
});
