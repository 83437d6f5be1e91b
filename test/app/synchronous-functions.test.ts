import { describe, expect, it } from "vitest";
import { checkApp } from "../../src/app/load.js";
import { testApp } from "../../src/index.js";

/* eslint-disable @typescript-eslint/require-await -- that is the mistake */
const asynchronous = {
  combine: async () => 1,
  partition: async () => 0,
  groupKey: async (key: string) => key,
  sortValues: async (value: number) => value,
};

describe("an app", () => {
  const map = () => undefined;
  const reduce = () => undefined;

  for (const [name, exported] of Object.entries(asynchronous)) {
    it(`is refused when its ${name} is an async function, whether that would be called or not`, () => {
      expect(() => checkApp("a.mjs", { map, reduce, [name]: exported })).toThrow(
        `app a.mjs: export ${name} is an async function, but the engine does not await it; make it a plain function`,
      );
    });
  }

  it("is refused when its combine is an async generator", () => {
    async function* combine() {
      yield 1;
    }
    expect(() => checkApp("a.mjs", { map, reduce, combine })).toThrow("or a generator (function*)");
  });

  it("is refused by testApp, too", async () => {
    const app = { map, reduce, combine: asynchronous.combine };
    await expect(testApp(app as never, { input: "a\n" })).rejects.toThrow("export combine is an async function");
  });

  it("may have a generator as combine, and asynchronous map, reduce and hooks", () => {
    function* combine(_key: string, values: number[]) {
      yield* values;
    }
    const other = async () => undefined;
    const app = { map: other, reduce: other, setup: other, teardown: other, combine };
    expect(checkApp("a.mjs", app)).toMatchObject({ input: "file" });
  });
});
