/** Apps whose `map` awaits, with several records in flight: the same as with one, but for the time that it takes. */
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { testApp, type App, type JsonValue, type MapContext, type TestResult } from "../../src/index.js";

/** So many turns of the event loop, which are others for each text. */
async function turnsFor(text: string): Promise<void> {
  for (let turn = text.length % 7; turn > 0; turn--) await nextTurn();
}

/** Runs an app with one record in flight, and with several. Both must give the same, which is returned. */
async function alike(
  app: App,
  inputs: Readonly<Record<string, string | Uint8Array>>,
  reducers = 2,
): Promise<TestResult> {
  const one = await testApp(app, inputs, { reducers });
  for (const concurrency of [1, 2, 5, 1000]) {
    expect(await testApp({ ...app, concurrency }, inputs, { reducers })).toEqual(one);
  }
  return one;
}

const lines = Array.from({ length: 60 }, (_, n) => `${"x".repeat((n * 37) % 11)} line ${n}`);
const text = `${lines.join("\n")}\n`;
const all: Pick<App<JsonValue, never>, "reduce"> = { reduce: (_, values) => [...values] };

describe("with several records in flight, an app gives the same as with one", () => {
  it("from lines, whose pairs stay in their order", async () => {
    const { outputs } = await alike(
      {
        input: "lines",
        async map(_, line, ctx) {
          ctx.emit("first", line);
          await turnsFor(line);
          ctx.emit("then", [line, ctx.offset]);
        },
        ...all,
      },
      { "a.txt": text },
    );
    expect(outputs.find(({ key }) => key === "first")?.value).toEqual(lines);
  });

  it("without reduce tasks", async () => {
    const { outputs } = await alike(
      { input: "lines", map: (_, line) => turnsFor(line).then(() => [{ key: line, value: 1 }]) },
      { "a.txt": text, "b.txt": text },
      0,
    );
    expect(outputs.map(({ key }) => key)).toEqual([...lines, ...lines]);
  });

  it("from bytes, which are its own as long as it likes", async () => {
    const { outputs } = await alike(
      {
        input: "lines",
        async mapBytes(_, bytes, ctx) {
          await turnsFor("x".repeat(bytes.length));
          // A Buffer, as it is without `concurrency`.
          ctx.emitBytes(bytes, 0, bytes.length, (bytes as Buffer).toString("latin1"));
        },
        ...all,
      },
      { "a.txt": text },
    );
    expect(outputs.map(({ key }) => key).sort()).toEqual([...lines].sort());
  });

  it("from chunks of a text, compressed or not", async () => {
    const long = Array.from({ length: 40_000 }, (_, n) => `line ${n} of a text that is longer than one chunk`).join(
      "\n",
    );
    const { outputs } = await alike(
      {
        input: "text",
        async mapBytes(_, bytes, ctx) {
          await turnsFor("x".repeat(bytes.length));
          ctx.emit("bytes", bytes.length);
          ctx.emitSlices(bytes, 0, 4, 4, 9);
        },
        ...all,
      },
      { "a.txt": long, "a.txt.gz": gzipSync(long) },
    );
    const bytes = outputs.find(({ key }) => key === "bytes")?.value as number[];
    expect(bytes.length).toBeGreaterThan(4);
    expect(bytes.reduce((sum, n) => sum + n)).toBe(2 * long.length);
  });

  it("from JSON Lines, CSV, pairs and whole files", async () => {
    const numbers = lines.map((line, n) => ({ n, line }));
    const map = async (_: string, value: unknown, ctx: MapContext) => {
      const text = JSON.stringify(value);
      await turnsFor(text);
      ctx.emit("value", text);
    };
    const jsonl = numbers.map((one) => `${JSON.stringify(one)}\n`).join("");
    const csv = `n,line\n${numbers.map(({ n, line }) => `${n},"${line}"\n`).join("")}`;
    const pairs = numbers.map(({ n, line }) => `${JSON.stringify({ key: line, value: n })}\n`).join("");
    const inputs = { jsonl, csv, pairs, file: text } as const;
    for (const [input, contents] of Object.entries(inputs) as [keyof typeof inputs, string][]) {
      const { outputs } = await alike({ input, map, ...all }, { "a.txt": contents });
      expect(outputs[0]?.value, input).toHaveLength(input === "file" ? 1 : lines.length);
    }
  });

  it("from a reader of its own, which is not read further than there are calls of map", async () => {
    let [yielded, ended, ahead] = [0, 0, 0];
    const app: App<JsonValue, number> = {
      async *readRecords() {
        for (let n = 0; n < 100; n++) {
          await nextTurn();
          yielded += 1;
          ahead = Math.max(ahead, yielded - ended);
          yield n;
        }
      },
      async map(_, n, ctx) {
        await delay(n % 3);
        ended += 1;
        ctx.emit("n", n);
      },
      ...all,
    };
    const { outputs } = await testApp({ ...app, concurrency: 8 }, { a: "" });
    expect(outputs).toEqual([{ key: "n", value: Array.from({ length: 100 }, (_, n) => n) }]);
    expect(ahead).toBe(8);
    await alike(app as unknown as App, { a: "" });
  });

  it("with generators, counters, side files, setup and teardown", async () => {
    let finished = 0;
    const { counters, sideFiles, outputs } = await alike(
      {
        input: "lines",
        setup(ctx) {
          finished = 0;
          ctx.counter("set up").add();
        },
        async *map(_, line, ctx) {
          const side = ctx.sideFile("lines");
          side.write(`${line} begins\n`);
          yield { key: "line", value: line };
          await turnsFor(line);
          ctx.counter("seen").add();
          ctx.counter(line.slice(0, 1)).add(0.1);
          side.write(Buffer.from(`${line} ends\n`));
          yield { key: "line", value: `${line} again` };
          finished += 1;
        },
        teardown(ctx) {
          if (ctx.kind === "map") ctx.emit("finished", finished);
        },
        ...all,
      },
      { "a.txt": text },
    );
    expect(counters["seen"]).toBe(lines.length);
    expect(outputs).toContainEqual({ key: "finished", value: [lines.length] });
    const written = lines.map((line) => `${line} begins\n${line} ends\n`).join("");
    expect(sideFiles["mr-side-map-0-lines"]).toBe(written);
  });

  it("when map is synchronous after all", async () => {
    const { outputs } = await alike(
      { input: "lines", map: (_, line, ctx) => ctx.emit(line.slice(0, 3), 1), reduce: (_, ones) => ones.length },
      { "a.txt": text },
    );
    expect(outputs.reduce((sum, { value }) => sum + (value as number), 0)).toBe(lines.length);
  });

  it("when records emit more than is to be held for them", async () => {
    const much = "y".repeat(1_000_000);
    const { outputs } = await alike(
      {
        input: "lines",
        async map(_, line, ctx) {
          for (let n = 0; n < 8; n++) {
            ctx.emit(line, `${n} ${much}`);
            await turnsFor(line);
          }
        },
        reduce: (_, values) => values.map((value) => (value as string).slice(0, 1)).join(""),
      },
      { "a.txt": lines.slice(0, 8).join("\n") },
    );
    expect(new Set(outputs.map(({ value }) => value))).toEqual(new Set(["01234567"]));
  });

  it("whatever the delays are, and whichever records fail", async () => {
    const behaviour = fc.record({
      turns: fc.nat({ max: 6 }),
      emits: fc.nat({ max: 3 }),
      fails: fc.oneof({ weight: 15, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(behaviour, { maxLength: 20 }),
        fc.integer({ min: 2, max: 9 }),
        async (records, concurrency) => {
          const input = records.map((_, n) => `${n}\n`).join("");
          const app: App = {
            input: "lines",
            async map(_, line, ctx) {
              const { turns, emits, fails } = records[Number(line)] ?? { turns: 0, emits: 0, fails: false };
              for (let n = 0; n < emits; n++) ctx.emit("pair", `${line} ${n}`);
              for (let turn = 0; turn < turns; turn++) await nextTurn();
              if (fails) throw new Error(`${line} failed`);
              ctx.emit("end", line);
            },
            ...all,
          };
          const outcome = (app: App) => testApp(app, { a: input }).catch((error: unknown) => (error as Error).message);
          expect(await outcome({ ...app, concurrency })).toEqual(await outcome(app));
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("a record in flight", () => {
  it("has a signal that fires when an earlier record has failed, and is waited for", async () => {
    const aborted: string[] = [];
    const app: App = {
      input: "lines",
      concurrency: 4,
      async map(_, line, ctx) {
        if (line === "0") {
          await nextTurn();
          throw new Error("the first fails");
        }
        await delay(60_000, undefined, { signal: ctx.signal }).catch(() => aborted.push(line));
      },
      ...all,
    };
    await expect(testApp(app, { a: "0\n1\n2\n3\n4\n5\n" })).rejects.toThrow("the first fails");
    expect(aborted).toEqual(["1", "2", "3"]);
  });

  it("yields no more pairs once an earlier record has failed, and its generator is ended", async () => {
    const ended: string[] = [];
    const app: App = {
      input: "lines",
      concurrency: 2,
      async *map(_, line) {
        try {
          for (let n = 0; ; n++) {
            await nextTurn();
            if (line === "0" && n === 3) throw new Error("the first fails");
            yield { key: line, value: n };
          }
        } finally {
          ended.push(line);
        }
      },
      ...all,
    };
    await expect(testApp(app, { a: "0\n1\n" })).rejects.toThrow("the first fails");
    expect(ended).toEqual(["0", "1"]);
  });

  it("does not end when one behind it fails", async () => {
    const ended: string[] = [];
    const app: App = {
      input: "lines",
      concurrency: 4,
      async map(_, line, ctx) {
        if (line === "2") throw new Error("the third fails");
        await delay(line === "0" ? 30 : 60_000, undefined, {
          signal: line === "0" ? ctx.signal : AbortSignal.timeout(5),
        });
        ended.push(line);
      },
      ...all,
    };
    await expect(testApp(app, { a: "0\n1\n2\n" })).rejects.toThrow("The operation was aborted");
    expect(ended).toEqual(["0"]);
  });

  it("may not emit once its map has ended, though others are still at work", async () => {
    const late = {
      name: "LateEmitError",
      message: expect.stringContaining("map 0 called ctx.emit after it had ended") as string,
    };
    const app: App = {
      input: "lines",
      concurrency: 2,
      async map(_, line, ctx) {
        if (line === "0") void nextTurn().then(() => ctx.emit("late", 1));
        else await delay(20);
      },
      ...all,
    };
    await expect(testApp(app, { a: "0\n1\n2\n" })).rejects.toMatchObject(late);
  });

  it("fails the attempt when what it has started goes on and may still emit", async () => {
    const app: App = {
      input: "lines",
      concurrency: 2,
      async map(_, line, ctx) {
        await nextTurn();
        if (line === "0") setTimeout(() => ctx.emit("late", 1), 60_000);
      },
      ...all,
    };
    await expect(testApp(app, { a: "0\n1\n" })).rejects.toThrow("work that it started goes on (a timer)");
  });

  it.each([
    ["", false],
    [", even if the app catches the error", true],
  ])("may not emit by way of the context of setup, whose pairs would be in no certain order%s", async (_, catches) => {
    let outer: { emit(key: string, value: JsonValue): void } | undefined;
    const app: App = {
      input: "lines",
      concurrency: 2,
      setup: (ctx) => void (outer = ctx),
      async map() {
        await nextTurn();
        try {
          outer?.emit("k", 1);
        } catch (error) {
          if (!catches) throw error;
        }
      },
      ...all,
    };
    const message =
      "ctx.emit was called on the ctx of setup while records are in flight; call it on the ctx that map was given";
    await expect(testApp(app, { a: "0\n1\n" })).rejects.toThrow(message);
  });

  it("has the error of an emit thrown where it emits, to be caught there", async () => {
    const app: App = {
      input: "lines",
      concurrency: 3,
      async map(_, line, ctx) {
        await nextTurn();
        try {
          ctx.emit(line, undefined as never);
        } catch (error) {
          ctx.emit(line, (error as Error).message);
        }
      },
      ...all,
    };
    const { outputs } = await testApp(app, { a: "0\n1\n" });
    expect(outputs.map(({ value }) => value)).toEqual([
      [`emit: JSON cannot hold the value of key "0": value is undefined; use null`],
      [`emit: JSON cannot hold the value of key "1": value is undefined; use null`],
    ]);
  });

  it("is in its place with a rate, too", async () => {
    const app: App = {
      input: "lines",
      concurrency: 10,
      ratePerSecond: 1000,
      map: (_, line) => turnsFor(line).then(() => [{ key: "line", value: line }]),
      ...all,
    };
    expect((await testApp(app, { a: text })).outputs).toEqual([{ key: "line", value: lines }]);
    const { concurrency, ...one } = app;
    expect(concurrency).toBe(10);
    expect((await testApp(one, { a: text })).outputs).toEqual([{ key: "line", value: lines }]);
  });
});

describe("an app's", () => {
  for (const concurrency of [0, 1001, 1.5, -1, NaN, "16", true, [4]] as never[]) {
    it(`concurrency is refused when it is ${JSON.stringify(concurrency)}`, async () => {
      const app: App = { input: "lines", map: () => undefined, ...all, concurrency };
      await expect(testApp(app, { a: "" })).rejects.toThrow(
        "app under test: export concurrency must be a whole number from 1 to 1000, the calls of map in flight at once, and is ",
      );
    });
  }

  for (const ratePerSecond of [0, -1, NaN, Infinity, "50", {}] as never[]) {
    it(`ratePerSecond is refused when it is ${JSON.stringify(ratePerSecond)}`, async () => {
      const app: App = { input: "lines", map: () => undefined, ...all, ratePerSecond };
      await expect(testApp(app, { a: "" })).rejects.toThrow(
        "export ratePerSecond must be a number above 0 and up to 1000000",
      );
    });
  }

  it("concurrency belongs in a step of a pipeline, and works there", async () => {
    const step: App = {
      input: "lines",
      concurrency: 4,
      map: (_, line) => turnsFor(line).then(() => [{ key: "line", value: line }]),
      ...all,
    };
    const { outputs } = await testApp({ steps: [step] }, { "a.txt": text });
    expect(outputs).toEqual([{ key: "line", value: lines }]);
    await expect(testApp({ steps: [step], concurrency: 4 }, { a: "" })).rejects.toThrow(
      "exports both steps and concurrency: move it into the step whose map it is for",
    );
  });
});
