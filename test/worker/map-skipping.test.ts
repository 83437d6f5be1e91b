/** Map attempts that skip the records at which `map` throws. */
import { readFileSync, writeFileSync } from "node:fs";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue, MapContext } from "../../src/app/contract.js";
import type { LoadedApp } from "../../src/app/load.js";
import { sourceOfSplits } from "../../src/input/records.js";
import { unwatched } from "../../src/local/attempts.js";
import { skippedPerAttemptMax } from "../../src/model/attempt-limits.js";
import type { NewlySkipped } from "../../src/model/attempt.js";
import type { Split } from "../../src/model/split.js";
import { firstPosition } from "../../src/model/record-position.js";
import { failureOf } from "../../src/worker/failure.js";
import { runMapTask } from "../../src/worker/map-task.js";
import { PendingWork } from "../../src/worker/pending-work.js";
import { SkippedRecords } from "../../src/worker/skipped-records.js";
import type { AttemptResult, AttemptSettings } from "../../src/worker/task-context.js";
import { loadedApp } from "../support/loaded-app.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();

type Map = (file: string, value: never, ctx: MapContext) => unknown;

function appOf(map: Map, others: Partial<LoadedApp> = {}): LoadedApp {
  return loadedApp({ map: map as LoadedApp["map"], ...others });
}

interface Given {
  readonly skipsMax?: number;
  readonly reducers?: number;
  readonly mapConcurrency?: number;
}

interface Ended {
  readonly result: AttemptResult;
  /** The pairs as they are in the files: each key, with its values in order. */
  readonly pairs: Record<string, unknown[]>;
  /** The lines of the output, in a job without reduce tasks. */
  readonly lines: string[];
  readonly counters: Record<string, number>;
  /** The offset and the message of each record that the attempt skipped. */
  readonly skipped: [number, string][];
}

/** Runs an attempt over some texts, each in a file. */
async function run(app: LoadedApp, texts: string | readonly string[], given: Given = {}): Promise<Ended> {
  const { skipsMax = 100, reducers = 1, mapConcurrency } = given;
  const splits = [texts].flat().map((text, index): Split => {
    const path = temporary.newPath();
    writeFileSync(path, text);
    return { file: `f${index}`, path, startBytes: 0, endBytes: Buffer.byteLength(text) };
  });
  const work = await PendingWork.begin("map 0");
  const settings: AttemptSettings = {
    ref: { kind: "map", task: 0, attempt: 1 },
    jobId: "job",
    reducers,
    boundaries: undefined,
    output: {},
    directory: temporary.newDirectory(),
    intermediatePrefix: "",
    collectorBytes: 2 ** 22,
    files: [],
    args: {},
    signal: new AbortController().signal,
    progress: unwatched(),
    marksRecords: false,
    skipsMax,
    mapConcurrency,
    work,
  };
  const result = await work.run(() => runMapTask(app, sourceOfSplits(splits, app), settings));
  const lines = result.files.flatMap(({ temporaryPath }) =>
    readFileSync(temporaryPath, "utf8").split("\n").slice(0, -1),
  );
  const pairs: Record<string, unknown[]> = {};
  if (reducers > 0) {
    for (const line of lines) {
      const [key, ...values] = JSON.parse(line) as [string, ...unknown[]];
      (pairs[key] ??= []).push(...values);
    }
  }
  const { messages = [], records = [] } = result.newlySkipped ?? {};
  const skipped = records.map(([offset, , message]): [number, string] => [offset, messages[message] ?? ""]);
  return { result, pairs, lines, counters: Object.fromEntries(result.counters), skipped };
}

/** The different keys of the pairs. */
function keysOf({ pairs }: Ended): string[] {
  return Object.keys(pairs).sort();
}

function throwIfBad(line: string): void {
  if (line.startsWith("bad")) throw new Error(`no ${line}`);
}

const text = "one\nbad 1\ntwo\nbad 2\nthree\n";

for (const [how, mapConcurrency] of [
  ["one after the other", 1],
  ["with several in flight", 4],
] as const) {
  describe(`an attempt that maps records ${how} and skips bad ones`, () => {
    const given = { mapConcurrency };

    for (const [what, map] of Object.entries<Map>({
      "throws after it has emitted": (_, line: string, ctx) => {
        ctx.emit(line, 1);
        throwIfBad(line);
      },
      "rejects after it has emitted": async (_, line: string, ctx) => {
        ctx.emit(line, 1);
        await nextTurn();
        ctx.emit(line, 2);
        throwIfBad(line);
      },
      "returns a generator that throws": function* (_, line: string) {
        yield { key: line, value: 1 };
        throwIfBad(line);
      },
      "returns an async generator that throws": async function* (_, line: string) {
        yield { key: line, value: 1 };
        await nextTurn();
        throwIfBad(line);
      },
      "returns pairs of which one is none": (_, line: string) =>
        line.startsWith("bad") ? [{ key: line, value: 1 }, { key: line }] : [{ key: line, value: 1 }],
      "emits a value that JSON cannot hold": (_, line: string, ctx) => {
        ctx.emit(line, 1);
        ctx.emit(line, line.startsWith("bad") ? NaN : 2);
      },
    })) {
      it(`goes on behind a record when map ${what}, without its pairs`, async () => {
        const ended = await run(appOf(map), text, given);
        expect(keysOf(ended)).toEqual(["one", "three", "two"]);
        expect(ended.result.recordsIn).toBe(3);
        expect(ended.skipped.map(([offset]) => offset)).toEqual([4, 14]);
      });
    }

    it("takes back the counters and side files of a record, and no others", async () => {
      const map: Map = (_, line: string, ctx) => {
        ctx.counter("lines").add();
        ctx.counter(`of ${line}`).add(2);
        ctx.sideFile("seen").write(`${line}\n`);
        throwIfBad(line);
      };
      const { counters, result } = await run(appOf(map), text, given);
      expect(counters).toEqual({ lines: 3, "of one": 2, "of two": 2, "of three": 2 });
      expect(result.sideFiles.map(({ temporaryPath }) => readFileSync(temporaryPath, "utf8"))).toEqual([
        "one\ntwo\nthree\n",
      ]);
    });

    it("makes no side file when only bad records have written to it", async () => {
      const map: Map = (_, line: string, ctx) => {
        if (line.startsWith("bad")) ctx.sideFile("bad").write(line);
        throwIfBad(line);
      };
      expect((await run(appOf(map), text, given)).result.sideFiles).toEqual([]);
    });

    it("tries a record twice, and maps it once when it passes the second time", async () => {
      const calls: string[] = [];
      const map: Map = (_, line: string, ctx) => {
        calls.push(line);
        ctx.emit(line, 1);
        ctx.counter("lines").add();
        if (calls.filter((call) => call === line).length < 2) throw new Error("not yet");
      };
      const ended = await run(appOf(map), "a\nb\n", given);
      expect(keysOf(ended)).toEqual(["a", "b"]);
      expect([ended.counters, ended.skipped, calls.length]).toEqual([{ lines: 2 }, [], 4]);
      expect(ended.result).toMatchObject({ recordsIn: 2, recordsOut: 2 });
    });

    for (const [input, text, others] of [
      ["jsonl", '{"n":[1],"big":12345678901234567890}\n{"n":[2],"big":1}\n', {}],
      ["pairs", '{"key":"k","value":{"n":[1]}}\n', {}],
      ["csv", "n,m\n1,2\n3,4\n", { csv: { header: true } }],
      [
        "own",
        "",
        {
          async *readRecords() {
            await nextTurn();
            yield { n: [1, { m: new Date(0) }], u: undefined };
            yield [Buffer.from("abc")];
          },
        },
      ],
    ] as const) {
      it(`gives map the same ${input} record again, whatever map has done to it`, async () => {
        const seen: unknown[] = [];
        const map = (_: string, ...args: unknown[]) => {
          const value = args.at(-2) as Record<string, unknown>;
          seen.push(structuredClone({ ...value }));
          const isFirst = seen.length % 2 === 1;
          if (Array.isArray(value["n"])) (value["n"] as unknown[]).push("changed");
          if (value[0] instanceof Uint8Array) value[0].fill(0);
          value["n"] = "changed";
          delete value["m"];
          if (isFirst) throw new Error("not yet");
        };
        await run(appOf(map, { input, ...others }), text, { mapConcurrency: 1 });
        expect(seen.length).toBeGreaterThanOrEqual(2);
        for (let at = 0; at < seen.length; at += 2) expect(seen[at + 1]).toEqual(seen[at]);
        // With several in flight, the calls are in another order.
        if (mapConcurrency === 1) return;
        const tried = new Set<string>();
        const mutating = (_: string, ...args: unknown[]) => {
          const value = args.at(-2) as Record<string, unknown>;
          const shown = JSON.stringify({ ...value }, (_, part: unknown) =>
            typeof part === "bigint" ? `${part}n` : part,
          );
          value["n"] = "changed";
          if (tried.delete(shown)) return;
          tried.add(shown);
          throw new Error("not yet");
        };
        const ended = await run(appOf(mutating, { input, ...others }), text, given);
        expect([tried.size, ended.skipped]).toEqual([0, []]);
      });
    }

    it("gives mapBytes the same bytes again, whatever it has done to them", async () => {
      const seen: string[] = [];
      const mapBytes = (_: string, bytes: Uint8Array) => {
        seen.push(Buffer.from(bytes).toString());
        bytes.fill(0x78);
        if (seen.length === 1) throw new Error("not yet");
      };
      await run(
        appOf(() => undefined, { map: undefined, mapBytes }),
        "abc\n",
        given,
      );
      expect(seen).toEqual(["abc", "abc"]);
    });

    it("ends the attempt at an object of a class, which cannot be made again", async () => {
      class Row {
        n = 1;
      }
      const readRecords = async function* () {
        await nextTurn();
        yield new Row();
      };
      const map = () => {
        throw new Error("bad row");
      };
      await expect(run(appOf(map, { input: "own", readRecords }), "", given)).rejects.toThrow("bad row");
    });

    it("skips malformed records, and names their place", async () => {
      const app = appOf((_, { a }: { a: string }, ctx) => ctx.emit(a, 1), { input: "jsonl" });
      const ended = await run(app, ['{"a":"x"}\n{"a":\n{"a":"y"}\n', 'x\n{"a":"z"}\n{"a":"1e9"} x\n'], given);
      expect(keysOf(ended)).toEqual(["x", "y", "z"]);
      expect(ended.skipped.map(([offset]) => offset)).toEqual([10, firstPosition(1), firstPosition(1) + 12]);
      expect(ended.skipped[0]?.[1]).toMatch(/^BadRecordError: f0, line 2: not JSON: /);
      expect(ended.skipped[2]?.[1]).toMatch(/^BadRecordError: f1, line 3: not JSON: /);
    });

    it("names the later ones of many malformed records by their bytes, without counting lines", async () => {
      const app = appOf((_, { a }: { a: string }, ctx) => ctx.emit(a, 1), { input: "jsonl" });
      const ended = await run(app, "bad\n".repeat(12), { ...given, skipsMax: 20 });
      const names = ended.skipped.map(([, message]) => /f0?, (line \d+|at byte \d+)/.exec(message)?.[1]);
      expect([names[0], names[9], names[10], names[11]]).toEqual(["line 1", "line 10", "at byte 40", "at byte 44"]);
    });

    it("skips a record whose key the app's partition rejects", async () => {
      const map: Map = (_, line: string, ctx) => {
        ctx.emit("before", 1);
        ctx.emit(line, 1);
      };
      const partition = (key: string) => (key.startsWith("bad") ? 9 : 0);
      const ended = await run(appOf(map, { partition }), text, { ...given, mapConcurrency: 1 });
      expect(ended.result.recordsOut).toBe(6);
      expect(ended.skipped.map(([, message]) => message)).toEqual([
        'RangeError: partition: returned 9 for key "bad 1"; it must return a whole number from 0 to 0',
        'RangeError: partition: returned 9 for key "bad 2"; it must return a whole number from 0 to 0',
      ]);
    });

    it("does not blame a record for an error of combine", async () => {
      const map: Map = (_, line: string, ctx) => ctx.emit("all", [line]);
      const combine = (): never => {
        throw new Error("no sum");
      };
      await expect(run(appOf(map, { combine }), "a\n".repeat(200), given)).rejects.toThrow("no sum");
    });

    it("writes the records of the others in order when there are no reduce tasks", async () => {
      const map: Map = async (_, line: string, ctx) => {
        await nextTurn();
        ctx.emit(line, 1);
        throwIfBad(line);
        ctx.emit(line, 2);
      };
      const { lines } = await run(appOf(map), text, { ...given, reducers: 0 });
      expect(lines).toEqual(["one 1", "one 2", "two 1", "two 2", "three 1", "three 2"]);
    });

    it("ends at one record more than it may skip, and says how many it has skipped", async () => {
      const error: unknown = await run(
        appOf((_, line: string) => throwIfBad(line)),
        text,
        {
          ...given,
          skipsMax: 1,
        },
      ).catch((error: unknown) => error);
      expect(failureOf(error)).toMatchObject({ class: "error", message: "Error: no bad 2", skippedBefore: 1 });
    });

    it("takes what setup and teardown emit, and what map emits on the ctx of setup without awaiting", async () => {
      let kept: Pick<MapContext, "emit"> | undefined;
      const others = {
        setup: (ctx: unknown) => {
          kept = ctx as MapContext;
          kept.emit("setup", 1);
        },
        teardown: () => kept?.emit("teardown", 1),
      };
      const map: Map = (_, line: string) => {
        if (mapConcurrency === 1) kept?.emit(line, 1);
        throwIfBad(line);
      };
      const ended = await run(appOf(map, others), text, given);
      const keys = mapConcurrency === 1 ? ["one", "setup", "teardown", "three", "two"] : ["setup", "teardown"];
      expect(keysOf(ended)).toEqual(keys);
    });

    it("drops what a skipped record emits when it is over", async () => {
      let late: Promise<void> | undefined;
      const map: Map = async (_, line: string, ctx) => {
        if (line.startsWith("bad")) {
          late = delay(5).then(() => ctx.emit("late", 1));
          await nextTurn();
          throw new Error("no");
        }
        await late;
        ctx.emit(line, 1);
      };
      expect(keysOf(await run(appOf(map), "bad\ngood\n", given))).toEqual(["good"]);
    });

    it("gives the same as without skipping, whatever good records emit", async () => {
      const value = fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.bigInt(), fc.string());
      const calls = fc.array(fc.array(fc.tuple(fc.string({ maxLength: 4 }), value), { maxLength: 6 }), {
        maxLength: 12,
      });
      await fc.assert(
        fc.asyncProperty(calls, fc.func(fc.boolean()), fc.constantFrom(0, 2), async (calls, isBad, reducers) => {
          const emit = (ctx: MapContext, index: number) => {
            for (const [key, value] of calls[index] ?? []) {
              const bytes = Buffer.from(key + (typeof value === "string" ? value : ""));
              const end = Buffer.byteLength(key);
              ctx.emit(key, value as JsonValue);
              ctx.emitBytes(bytes, 0, end, value as JsonValue);
              if (typeof value === "string") ctx.emitSlices(bytes, 0, end, end, bytes.length);
            }
          };
          const skipping: Map = (_, line: string, ctx) => {
            emit(ctx, Number(line));
            if (isBad(line)) throw new Error("bad");
          };
          const knowing: Map = (_, line: string, ctx) => {
            if (!isBad(line)) emit(ctx, Number(line));
          };
          const numbers = calls.map((_, index) => `${index}\n`).join("");
          const one = await run(appOf(skipping), numbers, { ...given, reducers });
          const other = await run(appOf(knowing), numbers, { reducers, mapConcurrency: 1 });
          expect(one.lines).toEqual(other.lines);
          expect(one.skipped).toHaveLength(calls.filter((_, index) => isBad(String(index))).length);
        }),
        { numRuns: 40 },
      );
    });
  });
}

describe("an attempt that skips bad records", () => {
  it("fails when a record that was skipped without awaiting emits through a ctx that earlier records had, too", async () => {
    let late: Promise<void> | undefined;
    const map: Map = (_, line: string, ctx) => {
      if (line === "bad") {
        late ??= delay(5).then(() => ctx.emit("late", 1));
        throw new Error("no");
      }
      return line === "waits" ? late : undefined;
    };
    await expect(run(appOf(map), "good\nbad\nwaits\n")).rejects.toThrow("called ctx.emit after it had ended");
  });

  it("fails when map emits on the ctx of setup later, since that may be late work of a skipped record", async () => {
    let kept: MapContext | undefined;
    const map: Map = async (_, line: string) => {
      await nextTurn();
      kept?.emit(line, 1);
      throwIfBad(line);
    };
    const setup = (ctx: unknown) => void (kept = ctx as MapContext);
    const others = { setup } as Partial<LoadedApp>;
    expect(keysOf(await run(appOf(map, others), "one\ntwo\n"))).toEqual(["one", "two"]);
    await expect(run(appOf(map, others), text)).rejects.toThrow(
      "ctx.emit was called on the ctx of setup after a bad record was skipped",
    );
  });

  it("takes back what a writer of the app's own rejects", async () => {
    const writer = {
      extension: "txt",
      record: (key: string) => {
        throwIfBad(key);
        return `<${key}>\n`;
      },
    };
    const map: Map = (_, line: string, ctx) => {
      ctx.emit("first", 1);
      ctx.emit(line, 1);
    };
    const app = appOf(map, { writer });
    const { lines, skipped } = await run(app, "a\nbad\nb\n", { reducers: 0 });
    expect(lines).toEqual(["<first>", "<a>", "<first>", "<b>"]);
    expect(skipped).toEqual([[2, "Error: no bad"]]);
  });

  it("ends at a record that has emitted more than can be taken back", async () => {
    const map: Map = (_, line: string, ctx) => {
      for (let n = 0; n < 100_000; n += 1) ctx.emit(line, 1);
      throwIfBad(line);
    };
    const error: unknown = await run(appOf(map), text).catch((error: unknown) => error);
    const failure = failureOf(error);
    expect(failure).toMatchObject({ class: "error", message: "Error: no bad 1", atWork: 'the record: "bad 1"' });
    expect(failure.skippedBefore).toBeUndefined();
    const good = await run(appOf(map), "one\ntwo\n");
    expect(keysOf(good)).toEqual(["one", "two"]);
    expect(good.result.recordsOut).toBe(200_000);
  });

  it("keeps the place of a record in a group of files", async () => {
    const seen: string[] = [];
    const map: Map = (file, line: string, ctx) => {
      seen.push(`${file} ${ctx.filename} ${ctx.offset}`);
      throwIfBad(line);
    };
    const { skipped } = await run(appOf(map), ["a\nbad\n", "", "b\nb\nbad\nc\n"]);
    expect(skipped.map(([offset]) => offset)).toEqual([2, firstPosition(2) + 4]);
    expect(seen).toEqual(["f0 f0 0", "f0 f0 2", "f0 f0 2", "f2 f2 0", "f2 f2 2", "f2 f2 4", "f2 f2 4", "f2 f2 8"]);
  });
});

describe("the records that an attempt reports as skipped", () => {
  const bytesOf = (report: NewlySkipped | undefined) => Buffer.byteLength(JSON.stringify(report));

  it("fit in a message, however many and long their errors are", () => {
    const records = new SkippedRecords(1e9);
    for (let n = 0; n < skippedPerAttemptMax; n += 1)
      records.skip(n * 1e6, n * 1e6 + 1, new Error(`${n}${'"é'.repeat(1500)}`));
    expect(bytesOf(records.report)).toBeLessThan(4 * 2 ** 20 - 300_000);
    expect(records.report?.records).toHaveLength(skippedPerAttemptMax);
    expect(records.report?.messages.at(-1)).toContain("its error is not kept");
    expect(() => records.skip(0, 1, new Error("one more"))).toThrow("make --split-size smaller");
  });

  it("share texts that are equal", () => {
    const records = new SkippedRecords(1e9);
    for (let n = 0; n < 1000; n += 1) records.skip(n, n + 1, new Error(n % 2 === 0 ? "even" : "odd"));
    records.skip(5000, 5001, "a string");
    const { messages, frames, records: places } = records.report ?? { messages: [], frames: [], records: [] };
    expect(messages).toEqual(["Error: even", "Error: odd", "the app threw 'a string'"]);
    expect(frames).toHaveLength(2);
    expect(frames[0]).toMatch(/^\n {4}at .*map-skipping\.test\.ts/);
    expect(places.at(-1)).toEqual([5000, 5001, 2, 1]);
  });
});
