import { describe, expect, it, vi } from "vitest";
import { defineApp, testApp, type App, type JsonValue } from "../../src/index.js";

/** An app that counts words, or does something else with the ones. */
function counting<Value extends JsonValue = number>(own: Partial<App<Value>>): App<Value> {
  return {
    input: "lines",
    map: (_, line, ctx) => {
      for (const word of line.split(" ")) ctx.emit(word, word.length as JsonValue as Value);
    },
    reduce: (_, values) => values.length,
    ...own,
  };
}

const sum = (_: string, values: number[]) => values.reduce((total, value) => total + value, 0);
const mean = (_: string, values: number[]) => sum(_, values) / values.length;

describe("a combine that changes what reduce gives", () => {
  it("is found even if all values are equal, which are not combined until they are many", async () => {
    await expect(testApp(counting({ combine: sum }), ["a a a b"])).rejects.toThrow(
      'combine changes the result: for key "a" reduce gives 3, but 1 when combine has folded some of the values; reduce',
    );
  });

  it("is found if only a repeatedly combined result differs", async () => {
    const lengths = defineApp<number>({
      input: "lines",
      map: (_, line, ctx) => ctx.emit("k", line.length),
      combine: mean,
      reduce: mean,
    });
    expect((await testApp(lengths, ["a\nbbb\n"])).outputs).toEqual([{ key: "k", value: 2 }]);
    await expect(testApp(lengths, ["a\nbbb\ncccccccccc\n"])).rejects.toThrow(/reduce gives 4\.66\d+, but 6 when/);
  });

  it("is found when reduce throws at its result", async () => {
    const app = counting<JsonValue>({
      combine: (_, values) => ({ count: values.length }),
      reduce: (_, values) => (values as number[]).map((value) => value.toFixed(0)).length,
    });
    await expect(testApp(app, ["a a a"])).rejects.toThrow(/it throws TypeError: value\.toFixed is not a function/);
  });

  it("is found in what teardown emits, and in groups with sorted values", async () => {
    let total = 0;
    const app: App<number> = {
      input: "lines",
      sortValues: true,
      map: (_, line, ctx) => {
        for (const word of line.split(" ")) ctx.emit(word, word.length);
      },
      combine: () => 1,
      reduceStream: (_, values) => {
        for (const value of values) total += value;
      },
      setup: () => void (total = 0),
      teardown: (ctx) => {
        if (ctx.kind === "reduce") ctx.emit("total", total);
      },
    };
    await expect(testApp(app, ["aa aa aa"])).rejects.toThrow(/after the last key reduce gives 6, but 1 when/);
  });
});

describe("a combine that does not change what reduce gives", () => {
  it("passes, whatever the rounding of its floats", async () => {
    const app = defineApp<number>({
      input: "lines",
      map: (_, line, ctx) => ctx.emit("k", Number(line)),
      combine: sum,
      reduce: sum,
    });
    const { outputs } = await testApp(app, ["0.1\n0.2\n0.3\n0.7\n1e-9\n"]);
    expect(outputs[0]?.value).toBeCloseTo(1.3);
  });

  it("passes when it yields values, and with bigints and arrays", async () => {
    const distinct = counting({
      *combine(_: string, values: number[]) {
        yield* new Set(values);
      },
      reduce: (_, values) => [...new Set(values)].sort((a, b) => a - b),
    });
    expect((await testApp(distinct, ["a a a bb"])).outputs).toEqual([
      { key: "a", value: [1] },
      { key: "bb", value: [2] },
    ]);
    const ids = defineApp<bigint>({
      input: "lines",
      map: (_, line, ctx) => ctx.emit("k", BigInt(line)),
      combine: (_, values) => values.reduce((a, b) => a + b),
      reduce: (_, values) => values.reduce((a, b) => a + b),
    });
    expect((await testApp(ids, ["9100521604143693812\n1\n2\n"])).outputs[0]?.value).toBe(9100521604143693815n);
  });

  it("is not blamed for a reduce that gives another result each time, or that throws", async () => {
    let calls = 0;
    const app = counting({ combine: sum, reduce: () => ++calls });
    expect((await testApp(app, ["a a a"])).outputs).toHaveLength(1);
    const failing = counting({
      combine: sum,
      reduce: () => {
        throw new Error("own error");
      },
    });
    await expect(testApp(failing, ["a a a"])).rejects.toThrow(/^own error$/);
  });

  it("leaves no trace of the check: counters, side files and outputs are those of the job", async () => {
    const reduce = vi.fn((_: string, values: number[], ctx: Parameters<NonNullable<App<number>["reduce"]>>[2]) => {
      ctx.counter("keys").add();
      ctx.sideFile("keys.txt").write(`${_}\n`);
      return sum(_, values);
    });
    const result = await testApp(counting({ combine: sum, reduce }), ["a a a"]);
    expect(result).toMatchObject({
      outputs: [{ key: "a", value: 3 }],
      partitions: [[{ key: "a", value: 3 }]],
      counters: { keys: 1 },
      sideFiles: { "mr-side-reduce-0-keys.txt": "a\n" },
    });
  });

  it("is called for keys that came as bytes, too", async () => {
    const app: App<number> = {
      input: "lines",
      mapBytes: (_, line, ctx) => {
        ctx.emitBytes(line, 0, 1, 1);
      },
      combine: () => 7,
      reduce: sum,
    };
    await expect(testApp(app, ["a\na\na\n"])).rejects.toThrow(/for key "a" reduce gives 3, but 7 when/);
  });
});
