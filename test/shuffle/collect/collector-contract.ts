import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue, KeyValue } from "../../../src/app/contract.js";
import type { Collector, CollectorOptions } from "../../../src/shuffle/collect/collector.js";
import { hostileKey, jsonValue, pairs } from "../hostile-data.js";
import { hashPartition } from "../key-oracle.js";
import { collect, type CreateCollector, expectedGroups, readAll, stored } from "../shuffle-run.js";
import { useTemporaryDirectory } from "../../support/temporary-directory.js";

/** The contract of every collector. Run it on each implementation. */
export function testCollectorContract(name: string, create: CreateCollector): void {
  describe(name, () => {
    const directory = useTemporaryDirectory();

    function inNewDirectory(more: Partial<CollectorOptions> = {}): CollectorOptions & { directory: string } {
      const path = directory.newDirectory();
      const temporaryPath = (partition: number) => join(path, `.part-${partition}`);
      const spillPath = (run: number) => join(path, `.run-${run}`);
      return { reducers: 1, temporaryPath, spillPath, directory: path, ...more };
    }

    function collectText(emitted: KeyValue[], more: Partial<CollectorOptions> = {}): string {
      const [file] = collect(create, inNewDirectory(more), emitted);
      return file === undefined ? "" : readFileSync(file.path, "utf8");
    }

    it("writes one line of JSON per key, in the order of the keys", () => {
      const emitted = ["b", "a", "b", "\n", "__proto__", "a", "b"].map((key) => ({ key, value: "1" }));
      expect(collectText(emitted)).toBe('["\\n",["1"]]\n["__proto__",["1"]]\n["a",["1"],[2]]\n["b",["1"],[3]]\n');
    });

    it("counts consecutive equal values, and keeps the order of the others", () => {
      const values = ["1", "1", 1, 1, "1", null, null, { a: 1 }, { a: 1 }, [1], true, true, 0, -0];
      const emitted = values.map((value) => ({ key: "k", value }));
      expect(collectText(emitted)).toBe('["k",["1",1,"1",null,{"a":1},[1],true,0],[2,2,1,2,2,1,2,2]]\n');
    });

    it("keeps a value as it was when it was emitted", () => {
      const collector = create(inNewDirectory());
      const value = { n: 1 };
      collector.emit("k", value);
      value.n = 2;
      collector.emit("k", value);
      expect(collector.finish().map((file) => readFileSync(file.path, "utf8"))).toEqual(['["k",[{"n":1},{"n":2}]]\n']);
    });

    it("passes exactly the emitted pairs to the merge, in order, for several map tasks and reducers", () => {
      const run = (tasks: KeyValue[][], reducers: number) => {
        const outputs = tasks.map((emitted) => collect(create, inNewDirectory({ reducers }), emitted));
        const groups = Array.from({ length: reducers }, (_, partition) =>
          readAll(
            outputs
              .flat()
              .filter((file) => file.partition === partition)
              .map(stored),
          ),
        );
        const expected = expectedGroups(tasks.flat());
        for (const partition of groups) {
          const keys = new Set(partition.map((group) => group.key));
          expect(JSON.stringify(partition)).toBe(JSON.stringify(expected.filter(({ key }) => keys.has(key))));
        }
        expect(groups.flat().length).toBe(expected.length);
      };
      const reducers = fc.integer({ min: 1, max: 4 });
      fc.assert(fc.property(fc.array(pairs, { minLength: 1, maxLength: 4 }), reducers, run), { numRuns: 150 });
      expect(directory.openFiles()).toBe(0);
    });

    it("puts each key into the app's partition, asking once per key, and leaves out empty partitions", () => {
      const asked: string[] = [];
      const partition = (key: string, reducers: number) => {
        asked.push(key);
        return key === "a" ? 0 : reducers - 1;
      };
      const emitted = ["b", "a", "b", "c", "a"].map((key) => ({ key, value: "1" }));
      const files = collect(create, inNewDirectory({ reducers: 5, partition }), emitted);
      expect(files.map((file) => file.partition)).toEqual([0, 4]);
      expect(readAll(files.slice(1).map(stored)).map((group) => group.key)).toEqual(["b", "c"]);
      expect(asked).toEqual(["b", "a", "c"]);
    });

    it("writes nothing when nothing was emitted", () => {
      const options = inNewDirectory({ reducers: 3 });
      expect(create(options).finish()).toEqual([]);
      expect(readdirSync(options.directory)).toEqual([]);
    });

    it("folds a key's values with combine, except a single value or one that only repeats", () => {
      const combine = (key: string, values: JsonValue[]) => {
        expect(values.length).toBeGreaterThan(1);
        return `${key}${values.map(Number).reduce((sum, value) => sum + value)}`;
      };
      const emitted = ["1", "1", "2"].map((value) => ({ key: "sum", value }));
      const ones = ["one", "ones", "ones"].map((key) => ({ key, value: "1" }));
      const text = collectText([...ones, ...emitted], { combine });
      expect(text).toBe('["one",["1"]]\n["ones",["1"],[2]]\n["sum",["sum4"]]\n');
    });

    it("passes combine separate objects, even for equal values", () => {
      function* combine(_: string, values: JsonValue[]) {
        const results: { n: number }[] = [];
        for (const value of values as { n: number }[]) {
          expect(value.n).toBeGreaterThanOrEqual(0);
          results.push({ n: value.n });
          // A later emit must not find it.
          value.n = -1;
        }
        yield* results;
      }
      const emitted = [
        { key: "k", value: { n: 0 } },
        { key: "k", value: { n: 1 } },
        { key: "k", value: { n: 1 } },
      ];
      expect(collectText(emitted, { combine })).toBe('["k",[{"n":0},{"n":1},{"n":1}]]\n');
    });

    it("rejects keys that are not strings, values JSON cannot hold and bad partitions, and continues", () => {
      const partition = (key: string) => (key === "bad" ? -1 : 0);
      const collector = create(inNewDirectory({ partition }));
      collector.emit("good", "1");
      const emit = (key: unknown, value: unknown) => () => collector.emit(key as string, value as JsonValue);
      for (const key of [undefined, null, 5, {}, Symbol("s")]) expect(emit(key, "1")).toThrow(/^emit: a key must be/);
      for (const value of [undefined, NaN, Infinity, [1n], () => 1, Symbol("s"), Promise.resolve("1")]) {
        expect(emit("good", value)).toThrow(TypeError);
        expect(emit("good", value)).toThrow(/^emit: JSON cannot hold the value of key "good": /);
        expect(emit("new", value)).toThrow(/^emit: JSON cannot hold the value of key "new": /);
      }
      expect(emit("bad", "1")).toThrow(RangeError);
      expect(emit("bad", "1")).toThrow(RangeError);
      collector.emit("good", "1");
      expect(collector.pairs).toBe(2);
      expect(readAll(collector.finish().map(stored))).toEqual([{ key: "good", values: ["1", "1"] }]);
    });

    it("gives the same result with any memory, with and without combine, and leaves only its files", () => {
      const unjoined = (values: JsonValue[]) => values.flatMap((value) => (isJoined(value) ? value.joined : [value]));
      const run = (emitted: KeyValue[], memoryBytes: number, isCombined: boolean, isOwnPartition: boolean) => {
        const reducers = 3;
        const options = inNewDirectory({
          reducers,
          memoryBytes,
          partition: isOwnPartition ? (key) => key.length % reducers : undefined,
          combine: isCombined ? (_, values) => ({ joined: unjoined(values) }) : undefined,
        });
        const files = collect(create, options, emitted);
        expect(readdirSync(options.directory).sort()).toEqual(files.map((file) => `.part-${file.partition}`));
        const partitionOf = isOwnPartition
          ? (key: string) => key.length % reducers
          : (key: string) => hashPartition(key, reducers);
        for (let partition = 0; partition < reducers; partition++) {
          const groups = readAll(files.filter((file) => file.partition === partition).map(stored));
          const read = isCombined ? groups.map(({ key, values }) => ({ key, values: unjoined(values) })) : groups;
          const expected = expectedGroups(emitted.filter(({ key }) => partitionOf(key) === partition));
          expect(JSON.stringify(read)).toBe(JSON.stringify(expected));
        }
      };
      const memoryBytes = fc.integer({ min: 0, max: 12_000 });
      fc.assert(fc.property(pairs, memoryBytes, fc.boolean(), fc.boolean(), run), { numRuns: 300 });
      const manyPairs = fc.array(fc.record({ key: hostileKey, value: jsonValue }), { maxLength: 200 });
      fc.assert(fc.property(manyPairs, memoryBytes, fc.boolean(), fc.boolean(), run), { numRuns: 60 });
      expect(directory.openFiles()).toBe(0);
    });

    it("keeps a value with its own toJSON as it was when emitted", () => {
      const collector = create(inNewDirectory());
      const value = Object.assign(() => undefined, { n: 1, toJSON: () => value.n });
      collector.emit("k", value as unknown as JsonValue);
      value.n = 2;
      collector.emit("k", value as unknown as JsonValue);
      expect(collector.finish().map((file) => readFileSync(file.path, "utf8"))).toEqual(['["k",[1,2]]\n']);
    });

    it("keeps to its memory when the partition function rejects all pairs", () => {
      const memoryBytes = 100_000;
      const collector = create(inNewDirectory({ memoryBytes, partition: () => -1 }));
      for (let n = 0; n < 5000; n++) {
        expect(() => collector.emit(String(n), `${"x".repeat(200)}${n}`)).toThrow(RangeError);
        expect(collector.memoryBytes).toBeLessThanOrEqual(memoryBytes);
      }
      expect(collector.finish()).toEqual([]);
    });

    it("rejects everything after pairs were lost while a value made its text", () => {
      const options = inNewDirectory({ memoryBytes: 10_000, partition: () => 0 });
      writeFileSync(options.spillPath(0), "of another");
      const collector = create(options);
      const emitMany = () => {
        for (let n = 0; n < 1000; n++) collector.emit(String(n), "1");
      };
      const toJSON = () => {
        expect(emitMany).toThrow(expect.objectContaining({ code: "EEXIST" }));
        return 1;
      };
      collector.emit("k", { toJSON } as unknown as JsonValue);
      expect(() => collector.emit("k", 1)).toThrow(/^emit: /);
      expect(() => collector.finish()).toThrow(/^finish: /);
      expect(readdirSync(options.directory)).toEqual([".run-0"]);
    });

    it("writes the same bytes with spills as without", () => {
      const emitted = Array.from({ length: 30_000 }, (_, n) => ({
        key: `é${(n * 7919) % 4001}`,
        value: n % 3 ? "1" : n % 5,
      }));
      const inMemory = collectText(emitted);
      expect(collectText(emitted, { memoryBytes: 100_000 })).toBe(inMemory);
      expect(collectText(emitted, { memoryBytes: 20_000 })).toBe(inMemory);
    });

    it("merges in passes when there are hundreds of runs", () => {
      const emitted = Array.from({ length: 5000 }, (_, n) => ({ key: String(n % 1300), value: n }));
      const text = collectText(emitted, { memoryBytes: 8300 });
      expect(text).toBe(collectText(emitted));
    });

    it("keeps to its memory, whatever is emitted", () => {
      const memoryBytes = 200_000;
      const collector = create(inNewDirectory({ reducers: 5, memoryBytes }));
      let bytesMax = 0;
      for (let n = 0; n < 40_000; n++) {
        collector.emit(`key ${n % 3 === 0 ? "hot" : n}`, n % 4 === 0 ? { n } : "x".repeat(n % 50));
        bytesMax = Math.max(bytesMax, collector.memoryBytes);
      }
      expect(bytesMax).toBeGreaterThan(memoryBytes / 4);
      expect(bytesMax).toBeLessThanOrEqual(memoryBytes);
      collector.finish();
      expect(collector.memoryBytes).toBeLessThan(20_000);
    });

    it("writes the same bytes for keys and values passed as UTF-8", () => {
      const ways = {
        strings: (collector: Collector, key: string, value: JsonValue) => collector.emit(key, value),
        bytes: (collector: Collector, key: string, value: JsonValue) => {
          const bytes = Buffer.from(`<${key}>`);
          collector.emitBytes(bytes, 1, bytes.length - 1, value);
          bytes.fill("?");
        },
        slices: (collector: Collector, key: string, value: JsonValue) => {
          const text = typeof value === "string" ? value : "";
          const bytes = Buffer.from(`${text}:${key}`);
          const keyStart = Buffer.byteLength(text) + 1;
          if (text === value) collector.emitSlices(bytes, keyStart, bytes.length, 0, keyStart - 1);
          else collector.emit(key, value);
          bytes.fill("?");
        },
      };
      const run = (emitted: KeyValue[], memoryBytes: number) => {
        const [strings, bytes, slices] = Object.values(ways).map((emit) => {
          const collector = create(inNewDirectory({ reducers: 2, memoryBytes }));
          for (const { key, value } of emitted) {
            emit(collector, key.toWellFormed(), typeof value === "string" ? value.toWellFormed() : value);
          }
          return collector.finish().map(({ path, partition }) => [partition, readFileSync(path, "utf8")]);
        });
        expect(bytes).toEqual(strings);
        expect(slices).toEqual(strings);
      };
      fc.assert(fc.property(pairs, fc.integer({ min: 0, max: 12_000 }), run), { numRuns: 200 });
      const manyPairs = fc.array(fc.record({ key: hostileKey, value: hostileKey }), { maxLength: 200 });
      fc.assert(fc.property(manyPairs, fc.integer({ min: 0, max: 12_000 }), run), { numRuns: 60 });
    });

    it("treats invalid UTF-8 as the text that it decodes to", () => {
      const bytes = fc.uint8Array({ maxLength: 12 });
      const run = (keys: Uint8Array[], value: Uint8Array) => {
        const [ofBytes, ofStrings] = [create(inNewDirectory()), create(inNewDirectory())];
        for (const key of keys) {
          ofBytes.emitSlices(Buffer.concat([key, value]), 0, key.length, key.length, key.length + value.length);
          ofBytes.emitBytes(key, 0, key.length, 1);
          ofStrings.emit(Buffer.from(key).toString(), Buffer.from(value).toString());
          ofStrings.emit(Buffer.from(key).toString(), 1);
        }
        const text = (collector: Collector) => collector.finish().map(({ path }) => readFileSync(path, "utf8"));
        expect(text(ofBytes)).toEqual(text(ofStrings));
      };
      fc.assert(fc.property(fc.array(bytes, { maxLength: 8 }), bytes, run), { numRuns: 300 });
    });

    it("rejects ranges outside the buffer, and continues", () => {
      const collector = create(inNewDirectory());
      const buffer = Buffer.from("key");
      for (const [start, end] of [
        [-1, 1],
        [0, 4],
        [2, 1],
        [0.5, 1],
        [NaN, 1],
        [0, Infinity],
      ] as const) {
        expect(() => collector.emitBytes(buffer, start, end, 1)).toThrow(/^emitBytes: .* of 3 bytes/);
        expect(() => collector.emitSlices(buffer, 0, 1, start, end)).toThrow(/^emitSlices: .* of 3 bytes/);
        expect(() => collector.emitSlices(buffer, start, end, 0, 1)).toThrow(/^emitSlices: .* of 3 bytes/);
      }
      expect(() => collector.emitBytes("key" as unknown as Uint8Array, 0, 1, 1)).toThrow(/^emitBytes: .* Uint8Array/);
      expect(() => collector.emitBytes(buffer, 0, 1, { toJSON: () => undefined } as never)).toThrow(/key "k"/);
      collector.emitBytes(buffer, 0, 3, 1);
      expect(readAll(collector.finish().map(stored))).toEqual([{ key: "key", values: [1] }]);
    });

    it("reports how many keys are in the files, and what was spilled", () => {
      const emitted = Array.from({ length: 60_000 }, (_, n) => ({ key: `key ${n % 20_000}`, value: n }));
      const results = [2 ** 20, 2 ** 26].map((memoryBytes) => {
        const options = inNewDirectory({ reducers: 3, memoryBytes });
        const collector = create(options);
        for (const { key, value } of emitted) collector.emit(key, value);
        expect(collector.keysWritten).toBe(0);
        const early = readdirSync(options.directory).map((run) => statSync(join(options.directory, run)).size);
        expect(collector.spilled).toEqual({ runs: early.length, bytes: early.reduce((sum, bytes) => sum + bytes, 0) });
        collector.finish();
        // The last run holds the pairs that were left in memory.
        expect(collector.spilled.runs).toBe(early.length === 0 ? 0 : early.length + 1);
        return { keys: collector.keysWritten, hasSpilled: collector.spilled.bytes > 0 };
      });
      expect(results).toEqual([
        { keys: 20_000, hasSpilled: true },
        { keys: 20_000, hasSpilled: false },
      ]);
    });

    it("spills nothing for repeated values, however many there are", () => {
      const options = inNewDirectory({ memoryBytes: 20_000 });
      const collector = create(options);
      for (let n = 0; n < 200_000; n++) collector.emit(n % 2 ? "a" : "b", "1");
      expect(readdirSync(options.directory)).toEqual([]);
      expect(collector.finish().map(({ path }) => readFileSync(path, "utf8"))).toEqual([
        '["a",["1"],[100000]]\n["b",["1"],[100000]]\n',
      ]);
    });

    it("accepts a key and a value that are larger than its memory, between others", () => {
      const emitted = ["a", "k".repeat(300_000), "b", "é".repeat(200_000), "a", "k".repeat(300_000), "z"].flatMap(
        (key) => [
          { key, value: "1" },
          { key, value: "😀\n".repeat(100_000) },
          { key, value: 2 },
        ],
      );
      for (const memoryBytes of [undefined, 10_000, 500_000]) {
        const files = collect(create, inNewDirectory({ memoryBytes }), emitted);
        expect(readAll(files.map(stored))).toEqual(expectedGroups(emitted));
      }
    });

    it("folds a key with very many values in parts", () => {
      let valuesMax = 0;
      const combine = (_: string, values: JsonValue[]) => {
        valuesMax = Math.max(valuesMax, values.length);
        return values.reduce<number>((sum, value) => sum + (value as number), 0);
      };
      const collector = create(inNewDirectory({ combine, memoryBytes: 1_000_000 }));
      for (let n = 0; n < 300_000; n++) collector.emit("same", 1);
      for (let n = 0; n < 300_000; n++) collector.emit("other", n);
      const groups = readAll(collector.finish().map(stored));
      expect(groups).toEqual([
        { key: "other", values: [44_999_850_000] },
        { key: "same", values: Array.from({ length: 300_000 }, () => 1) },
      ]);
      expect(valuesMax).toBeLessThanOrEqual(65_536);
    });

    it("sorts keys with long common prefixes, and with trailing zeros", () => {
      const keys = Array.from({ length: 40 }, (_, n) => [
        `${"/same/beginning".repeat(20)}${n}`,
        "\0".repeat(n),
        `a${"\0".repeat(n)}`,
      ]);
      const emitted = keys.flat().map((key) => ({ key, value: "1" }));
      const read = readAll(collect(create, inNewDirectory(), emitted).map(stored));
      expect(read).toEqual(expectedGroups(emitted));
    });

    it("removes spilled files when discarded", () => {
      const options = inNewDirectory({ memoryBytes: 10_000 });
      const collector = create(options);
      for (let n = 0; n < 1000; n++) collector.emit(String(n), "1");
      expect(readdirSync(options.directory)).not.toEqual([]);
      collector.discard();
      expect(readdirSync(options.directory)).toEqual([]);
      expect(() => collector.emit("k", "1")).toThrow(/^emit: /);
      expect(() => collector.finish()).toThrow(/^finish: /);
      expect(directory.openFiles()).toBe(0);
    });

    it("keeps its files when discarded after finish", () => {
      const options = inNewDirectory();
      const collector = create(options);
      collector.emit("k", "1");
      collector.finish();
      collector.discard();
      expect(readdirSync(options.directory)).toEqual([".part-0"]);
    });

    it("leaves nothing behind, and rejects further pairs, when it cannot spill", () => {
      const options = inNewDirectory({ memoryBytes: 10_000 });
      writeFileSync(options.spillPath(1), "of another");
      const collector = create(options);
      const emitAll = () => {
        for (let n = 0; n < 1000; n++) collector.emit(String(n), "1");
      };
      expect(emitAll).toThrow(expect.objectContaining({ code: "EEXIST" }));
      expect(readdirSync(options.directory)).toEqual([".run-1"]);
      expect(emitAll).toThrow(/^emit: /);
      expect(() => collector.finish()).toThrow(/^finish: /);
      const spillError: unknown = expect.objectContaining({ code: "EEXIST" });
      expect(() => collector.finish()).toThrow(expect.objectContaining({ cause: spillError }));
    });

    it("leaves nothing behind when combine throws at a spill or at the merge", () => {
      let calls = 0;
      const run = (callsMax: number) => {
        calls = 0;
        const combine = () => {
          if (calls++ === callsMax) throw new Error("app error");
          return 1;
        };
        const options = inNewDirectory({ memoryBytes: 20_000, combine, reducers: 3 });
        const collector = create(options);
        try {
          for (let n = 0; n < 2000; n++) collector.emit(String(n % 150), n);
          collector.finish();
        } catch (error) {
          expect(readdirSync(options.directory)).toEqual([]);
          expect(directory.openFiles()).toBe(0);
          throw error;
        }
      };
      run(Infinity);
      const callsInAll = calls;
      for (const callsMax of [0, Math.floor(callsInAll / 2), callsInAll - 1]) {
        expect(() => run(callsMax)).toThrow("app error");
      }
    });

    it("rejects pairs that the app emits inside partition or combine", () => {
      const collector = create(
        inNewDirectory({
          partition: () => {
            collector.emit("inner", "1");
            return 0;
          },
        }),
      );
      expect(() => collector.emit("k", "1")).toThrow(/^emit: .*partition/);
      expect(collector.pairs).toBe(0);
    });

    it("accepts nothing after finish", () => {
      const collector = create(inNewDirectory());
      collector.emit("k", "1");
      collector.finish();
      expect(() => collector.emit("k", "1")).toThrow(/^emit: /);
      expect(() => collector.finish()).toThrow(/^finish: /);
    });

    it.each([
      [
        "throws",
        () => {
          throw new Error("app error");
        },
        /^app error$/,
      ],
      [
        "gives a value that JSON cannot hold",
        () => undefined,
        /^combine: .* key "last": value is undefined; use null$/,
      ],
      ["gives a promise", () => Promise.resolve("1"), /^combine: for key "last" it gave a promise/],
    ])("leaves nothing behind when combine %s", (_, lastCombine, message) => {
      const options = inNewDirectory({
        reducers: 3,
        partition: (key) => ["first", "second", "last"].indexOf(key),
        combine: (key) => (key === "last" ? (lastCombine() as unknown as JsonValue) : "1"),
      });
      const collector = create(options);
      for (const value of ["1", "2"]) for (const key of ["first", "second", "last"]) collector.emit(key, value);
      expect(() => collector.finish()).toThrow(message);
      expect(readdirSync(options.directory)).toEqual([]);
      expect(directory.openFiles()).toBe(0);
    });

    it("leaves alone an existing file under its temporary name, and leaves no file of its own", () => {
      const options = inNewDirectory({ reducers: 2, partition: (key) => Number(key) });
      writeFileSync(options.temporaryPath(1), "of another");
      const collector = create(options);
      collector.emit("0", "1");
      collector.emit("1", "1");
      expect(() => collector.finish()).toThrow(expect.objectContaining({ code: "EEXIST" }));
      expect(readdirSync(options.directory)).toEqual([".part-1"]);
      expect(readFileSync(options.temporaryPath(1), "utf8")).toBe("of another");
    });
  });
}

function isJoined(value: JsonValue): value is { joined: JsonValue[] } {
  return typeof value === "object" && value !== null && "joined" in value;
}
