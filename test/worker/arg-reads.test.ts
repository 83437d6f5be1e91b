import { describe, expect, it } from "vitest";
import { ArgReads } from "../../src/worker/arg-reads.js";

const given = { pattern: "a", flags: "i" };

describe("what an app reads of its args", () => {
  it("are the names whose values it gets or checks", () => {
    const ways: ((args: Readonly<Record<string, string>>) => unknown)[] = [
      (args) => args["pattern"],
      ({ pattern }) => pattern,
      (args) => "pattern" in args,
      (args) => Object.hasOwn(args, "pattern"),
      (args) => Object.getOwnPropertyDescriptor(args, "pattern"),
    ];
    for (const read of ways) {
      const reads = new ArgReads(given);
      read(reads.args);
      expect(reads.use).toEqual({ read: ["pattern"], missed: [] });
    }
  });

  it("are all of them when it lists them", () => {
    const ways: ((args: Readonly<Record<string, string>>) => unknown)[] = [
      Object.keys,
      Object.entries,
      JSON.stringify,
      (args) => ({ ...args }),
      (args) => {
        for (const name in args) return name;
        return undefined;
      },
    ];
    for (const list of ways) {
      const reads = new ArgReads(given);
      list(reads.args);
      expect(reads.use?.read).toEqual(["pattern", "flags"]);
    }
  });

  it("are reported together with the names it looked for in vain", () => {
    const reads = new ArgReads(given);
    expect([reads.args["patern"], reads.args["ignore-case"], `${Object.keys(reads.args).length}`]).toEqual([
      undefined,
      undefined,
      "2",
    ]);
    expect(reads.use?.missed).toEqual(["patern", "ignore-case"]);
  });

  it("cost nothing once all were read: then the app has the values themselves", () => {
    const reads = new ArgReads(given);
    expect(reads.args).not.toBe(given);
    expect(reads.args).toEqual(given);
    expect(reads.args).toBe(given);
    const none = {};
    expect(new ArgReads(none).args).toBe(none);
    expect(new ArgReads(none).use).toBeUndefined();
  });
});
