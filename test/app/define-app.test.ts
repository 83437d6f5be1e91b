import { Readable } from "node:stream";
import { describe, expect, expectTypeOf, it } from "vitest";
import { defineApp, type JsonValue, type Pipeline, type Step, type StepOfInputs } from "../../src/index.js";

describe("defineApp", () => {
  it("gives map the type that follows from the app's input", () => {
    const reduce = () => "";
    defineApp({ map: (_, value) => void expectTypeOf(value).toEqualTypeOf<string>(), reduce });
    for (const input of ["file", "text", "lines"] as const) {
      defineApp({ input, map: (_, value) => void expectTypeOf(value).toEqualTypeOf<string>(), reduce });
    }
    defineApp({ input: "jsonl", map: (_, value) => void expectTypeOf(value).toEqualTypeOf<JsonValue>(), reduce });
    defineApp({ input: "jsonl", jsonl: { integers: "string" }, map: () => [] });
    const csv = { delimiter: ";", columns: ["a"] };
    defineApp({ input: "csv", csv, map: (_, row) => void expectTypeOf(row).toEqualTypeOf<Record<string, string>>() });
    const pairs = defineApp({
      input: "pairs",
      map: (_, value: number[]) => value.map((n) => ({ key: "", value: String(n) })),
      reduce,
    });
    expectTypeOf<Pipeline>().toExtend<{ readonly steps: readonly (Step | StepOfInputs)[] }>();
    expectTypeOf({ steps: [pairs, { ...pairs, reducers: 1 }] }).toExtend<Pipeline>();
    defineApp({
      async *readRecords(stream, ctx) {
        expectTypeOf(ctx.filename).toBeString();
        for await (const bytes of stream) yield { bytes: bytes as Uint8Array };
      },
      map: (_, value) => void expectTypeOf(value).toEqualTypeOf<{ bytes: Uint8Array }>(),
    });
  });

  it("gives a step's map the value type of the step before, and accepts its number of reduce tasks", () => {
    const step = defineApp<string, number>({
      input: "pairs",
      reducers: 1,
      map: (_, value) => void expectTypeOf(value).toEqualTypeOf<number>(),
    });
    const pipeline: Pipeline = { steps: [defineApp<number>({ map: () => [] }), step] };
    expect(pipeline.steps.map(({ reducers }) => reducers)).toEqual([undefined, 1]);
    defineApp({ input: "pairs", map: (_, value) => void expectTypeOf(value).toEqualTypeOf<JsonValue>() });
  });

  it("carries the type of the emitted values to reduce", () => {
    const app = defineApp<number>({
      input: "csv",
      map: (_, row, ctx) => ctx.emit(row["name"] ?? "", 1),
      reduce: (_, values) => void expectTypeOf(values).toEqualTypeOf<number[]>(),
    });
    expect(app.input).toBe("csv");
  });

  it("refuses what does not fit", () => {
    // @ts-expect-error a row is not a string
    defineApp({ input: "csv", map: (_, row: string) => [{ key: row, value: "" }] });
    const readRecords = () => Readable.from([]);
    // @ts-expect-error an app with its own reader has no input
    defineApp({ input: "lines", readRecords, map: () => [] });
    // @ts-expect-error there is no such option
    defineApp({ input: "csv", csv: { seperator: ";" }, map: () => [] });
    // @ts-expect-error there is no such kind of integers
    defineApp({ input: "jsonl", jsonl: { integers: "float" }, map: () => [] });
  });
});
