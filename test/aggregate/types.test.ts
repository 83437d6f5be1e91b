import { describe, expectTypeOf, it } from "vitest";
import {
  aggregate,
  count,
  defineApp,
  distinct,
  max,
  mean,
  mostFrequent,
  quantiles,
  stats,
  sum,
  topK,
  type App,
  type Stats,
} from "../../src/index.js";

describe("the types of aggregators", () => {
  it("give map the values that it may emit", () => {
    defineApp({ map: (_, line, ctx) => ctx.emit(line, 1), ...sum });
    defineApp({ map: (_, line, ctx) => ctx.emit(line, line.length), ...stats });
    defineApp({ map: (_, line, ctx) => ctx.emit(line, null), ...count });
    defineApp({ map: (_, line, ctx) => ctx.emit(line, line), ...max });
    defineApp({ map: (_, line, ctx) => ctx.emit(line, 1.5), ...quantiles([0.5]) });
    defineApp({ map: (_, line, ctx) => ctx.emit(line, { url: line, bytes: 5 }), ...topK(10, { by: "bytes" }) });
    defineApp<number>({ map: (_, line, ctx) => ctx.emit(line, 1), ...mean });
    defineApp<number>({ map: (_, line, ctx) => ctx.emit(line, 1), combine: sum.combine, reduce: sum.reduce });
    defineApp<number>({ map: (_, line, ctx) => ctx.emit(line, 1), combine: mean.combine, reduceStream: mean.reduce });
    // @ts-expect-error: sum takes no strings.
    defineApp({ map: (_, line, ctx) => ctx.emit(line, "1"), ...sum });
    // @ts-expect-error: stats takes no bigints.
    defineApp({ map: (_, line, ctx) => ctx.emit(line, 1n), ...stats });
    // @ts-expect-error: It orders by numbers.
    defineApp({ map: (_, line, ctx) => ctx.emit(line, { bytes: "5" }), ...topK(10, { by: "bytes" }) });
    // @ts-expect-error: The app emits strings.
    const wrong: App<string> = { map: (_, line, ctx) => ctx.emit(line, line), ...sum };
    expectTypeOf(wrong).toExtend<App<string>>();
  });

  it("check each part of a value", () => {
    const parts = aggregate({ orders: count, total: sum, people: distinct.approximate(), pages: mostFrequent(3) });
    defineApp({
      input: "csv",
      map(_, row, ctx) {
        const { country = "", price, person = "" } = row;
        ctx.emit(country, { orders: 1, total: Number(price), people: person, pages: null });
        // @ts-expect-error: A string is no total.
        ctx.emit(country, { orders: 1, total: "5", people: person, pages: null });
        // @ts-expect-error: A part is missing.
        ctx.emit(country, { orders: 1, total: 5, people: person });
      },
      ...parts,
    });
    const spread = aggregate({ bytes: stats });
    expectTypeOf(spread("k", [{ bytes: 5 }])).toExtend<{ readonly bytes: Stats | null }>();
    expectTypeOf(sum("k", [1])).toEqualTypeOf<number | bigint>();
    expectTypeOf(mean("k", [1])).toEqualTypeOf<number>();
  });
});
