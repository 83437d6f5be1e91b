import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue, KeyValue } from "../../src/app/contract.js";
import type { CollectorOptions } from "../../src/shuffle/collector.js";
import { pairs } from "./hostile-data.js";
import { collect, type CreateCollector, expectedGroups, readAll, stored } from "./shuffle-run.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

/** What every collector must do. Run it on each implementation. */
export function testCollectorContract(name: string, create: CreateCollector): void {
  describe(name, () => {
    const directory = useTemporaryDirectory();

    function inNewDirectory(more: Partial<CollectorOptions> = {}): CollectorOptions & { directory: string } {
      const path = directory.newDirectory();
      return { reducers: 1, temporaryPath: (n) => join(path, `.part-${n}`), directory: path, ...more };
    }

    function collectText(emitted: KeyValue[], more: Partial<CollectorOptions> = {}): string {
      const [file] = collect(create, inNewDirectory(more), emitted);
      return file === undefined ? "" : readFileSync(file.path, "utf8");
    }

    it("writes one line of JSON a key, in the order of the keys", () => {
      const emitted = ["b", "a", "b", "\n", "__proto__", "a", "b"].map((key) => ({ key, value: "1" }));
      expect(collectText(emitted)).toBe('["\\n",["1"]]\n["__proto__",["1"]]\n["a",["1"],[2]]\n["b",["1"],[3]]\n');
    });

    it("counts values that are equal to the one before, and keeps the order of the others", () => {
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

    it("gives the merge exactly the pairs that were emitted, in order, for several map tasks and reducers", () => {
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

    it("puts each key into the partition that the app names, asking once a key, and leaves empty ones out", () => {
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

    it("folds the values of a key with combine, and leaves a single value alone", () => {
      const combine = (key: string, values: JsonValue[]) => {
        expect(values.length).toBeGreaterThan(1);
        return `${key}${values.map(Number).reduce((sum, value) => sum + value)}`;
      };
      const emitted = ["1", "1", "2"].map((value) => ({ key: "sum", value }));
      const text = collectText([{ key: "one", value: "1" }, ...emitted], { combine });
      expect(text).toBe('["one",["1"]]\n["sum",["sum4"]]\n');
    });

    it("gives combine objects of its own, equal ones too", () => {
      const combine = (_: string, values: JsonValue[]) => {
        for (const value of values as { n: number }[]) value.n++;
        return values;
      };
      const emitted = [
        { key: "k", value: { n: 1 } },
        { key: "k", value: { n: 1 } },
      ];
      expect(collectText(emitted, { combine })).toBe('["k",[[{"n":2},{"n":2}]]]\n');
    });

    it("refuses keys that are no strings, values JSON cannot hold and bad partitions, and can go on", () => {
      const partition = (key: string) => (key === "bad" ? -1 : 0);
      const collector = create(inNewDirectory({ partition }));
      collector.emit("good", "1");
      const emit = (key: unknown, value: unknown) => () => collector.emit(key as string, value as JsonValue);
      for (const key of [undefined, null, 5, {}, Symbol("s")]) expect(emit(key, "1")).toThrow(/^emit: a key must be/);
      for (const value of [undefined, NaN, Infinity, 1n, () => 1, Symbol("s"), Promise.resolve("1")]) {
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

    it("takes nothing after finish", () => {
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
      ["gives a value that JSON cannot hold", () => undefined, /^combine: .* key "last": is undefined$/],
      ["gives a promise", () => Promise.resolve("1"), /^combine: .* key "last": is a promise/],
    ])("leaves nothing behind when combine %s", (_, lastCombine, message) => {
      const options = inNewDirectory({
        reducers: 3,
        partition: (key) => ["first", "second", "last"].indexOf(key),
        combine: (key) => (key === "last" ? (lastCombine() as unknown as JsonValue) : "1"),
      });
      const collector = create(options);
      for (const key of ["first", "second", "last", "first", "second", "last"]) collector.emit(key, "1");
      expect(() => collector.finish()).toThrow(message);
      expect(readdirSync(options.directory)).toEqual([]);
      expect(directory.openFiles()).toBe(0);
    });

    it("leaves another's file alone when its temporary name is taken, and nothing of its own", () => {
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
