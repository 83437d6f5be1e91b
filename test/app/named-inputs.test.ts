import { describe, expect, expectTypeOf, it } from "vitest";
import { checkApp, traitsOf } from "../../src/app/load.js";
import { differingExport } from "../../src/app/map-side.js";
import { defineApp, type MapContext, type Pipeline, type StepOfInputs } from "../../src/index.js";

const reduce = () => "";
const map = { orders: () => [], customers: () => [] };
const inputs = { orders: "jsonl", customers: "csv" };

function load(app: Record<string, unknown>, isFirst = true) {
  return checkApp("a.js", { reduce, ...app }, { isFirst, isLast: true });
}

describe("an app that declares inputs", () => {
  it("has a format and a map for each, and none of its own", () => {
    const csv = { delimiter: ";", columns: ["a", "b"] };
    const jsonl = { integers: "string" };
    const app = load({ inputs: { orders: { input: "jsonl", jsonl }, customers: { input: "csv", csv } }, map });
    expect(app).toMatchObject({
      input: undefined,
      inputs: { orders: { input: "jsonl", jsonl }, customers: { input: "csv", csv } },
    });
    expect(traitsOf(app)).toMatchObject({
      inputs: { orders: { input: "jsonl" }, customers: { input: "csv", csv: { delimiter: ";", columns: [] } } },
    });
    expect(traitsOf(app)).not.toHaveProperty("input");
  });

  it("may let the functions of map call each other", () => {
    const own = {
      orders: () => "shared",
      customers(): string {
        return this.orders();
      },
    };
    expect(load({ inputs, map: own }).inputs?.["customers"]?.map("", "", {} as MapContext)).toBe("shared");
  });

  it.for<[problem: string, app: Record<string, unknown>, isFirst?: boolean]>([
    ["app a.js exports both inputs and input: leave one out", { inputs, map, input: "csv" }],
    ["app a.js exports both inputs and csv: move it into the input it is for", { inputs, map, csv: {} }],
    [
      "app a.js exports both inputs and mapBytes: export map, with a function for each input",
      { inputs, mapBytes: reduce },
    ],
    ["app a.js exports both inputs and readRecords: leave one out", { inputs, map, readRecords: reduce }],
    ["export inputs must be an object with the kind of each input", { inputs: ["csv"], map }],
    ["export inputs must be an object with the kind of each input", { inputs: {}, map: {} }],
    ["export inputs must be an object with the kind of each input", { inputs: "csv", map }],
    ['export inputs has the name "a=b"; a name begins with a letter', { inputs: { "a=b": "csv" }, map }],
    ['export inputs has the name "1"; a name begins with a letter', { inputs: { 1: "csv" }, map }],
    [
      "its map must be an object with a function for each of them (orders, customers), but is of type function",
      { inputs, map: reduce },
    ],
    ["app a.js: map.customers must be a function, but is undefined", { inputs, map: { orders: reduce } }],
    ["app a.js: map.orders must be a function, but is 5", { inputs, map: { ...map, orders: 5 } }],
    [
      "map has a function for order, but inputs are only: orders, customers",
      { inputs, map: { ...map, order: reduce } },
    ],
    [
      'inputs.orders must be one of file, text, lines, jsonl, csv, pairs, but is "json"',
      { inputs: { ...inputs, orders: "json" }, map },
    ],
    [
      "inputs.orders must be one of file, text, lines, jsonl, csv, pairs, but is undefined",
      { inputs: { ...inputs, orders: {} }, map },
    ],
    [
      'inputs.orders has no option "kind"; it has input, csv and jsonl',
      { inputs: { ...inputs, orders: { kind: "csv" } }, map },
    ],
    [
      'inputs.orders.csv applies only with input: "csv"',
      { inputs: { ...inputs, orders: { input: "jsonl", csv: {} } }, map },
    ],
    [
      'inputs.customers.csv has no option "sep"',
      { inputs: { ...inputs, customers: { input: "csv", csv: { sep: ";" } } }, map },
    ],
    [
      "inputs.orders.jsonl.integers must be",
      { inputs: { ...inputs, orders: { input: "jsonl", jsonl: { integers: 1 } } }, map },
    ],
    ["it reads the pairs of the step before, not inputs: leave inputs out", { inputs, map }, false],
    ["export map must be a function, but is of type object", { map }],
    ["but is of type object; to declare several inputs, export inputs", { input: inputs, map: reduce }],
  ])("is rejected when %s", ([problem, app, isFirst]) => {
    expect(() => load(app, isFirst)).toThrow(problem);
  });

  it("has map tasks that write something else when an input or its map has changed", () => {
    const before = load({ inputs, map }).mapSide;
    expect(differingExport(before, load({ inputs, map: { ...map } }).mapSide)).toBeUndefined();
    expect(differingExport(before, load({ inputs: { ...inputs, orders: "pairs" }, map }).mapSide)).toBe("inputs");
    expect(differingExport(before, load({ inputs, map: { ...map, orders: () => [1] } }).mapSide)).toBe("map");
  });

  it("has types", () => {
    type Value = readonly [string, number];
    const app = defineApp<Value>({
      inputs: { orders: "jsonl", customers: { input: "csv", csv: { delimiter: ";" } } },
      map: {
        orders: (_, order: { id: string }, ctx) => ctx.emit(order.id, ["order", 1]),
        customers(_, row: Record<string, string>, ctx) {
          expectTypeOf(ctx).toEqualTypeOf<MapContext<Value>>();
          ctx.emit(row["id"] ?? "", ["customer", 0]);
        },
      },
      reduce: (_, values) => {
        expectTypeOf(values).toEqualTypeOf<Value[]>();
        return values.length;
      },
    });
    expectTypeOf(app).toEqualTypeOf<StepOfInputs<Value>>();
    expectTypeOf({ steps: [app] }).toExtend<Pipeline>();
    // @ts-expect-error -- There is no such kind.
    defineApp({ inputs: { a: "json" }, map: { a: () => [] }, reduce });
  });
});
