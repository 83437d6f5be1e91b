import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { MapContext } from "../../src/app/contract.js";
import type { LoadedApp } from "../../src/app/load.js";
import { sourceOfSplits, type RecordSource, type SplitSource } from "../../src/input/records.js";
import { takeRecordMarker } from "../../src/output/record-marker.js";
import type { Split } from "../../src/model/split.js";
import { firstPosition } from "../../src/model/record-position.js";
import { runMapTask } from "../../src/worker/map-task.js";
import type { AttemptSettings } from "../../src/worker/task-context.js";
import { loadedApp } from "../support/loaded-app.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();
const ref = { kind: "map", task: 0, attempt: 1 } as const;

function appOf(map: (line: string, ctx: MapContext) => unknown): LoadedApp {
  return loadedApp({ map: (_, line, ctx) => map(line as string, ctx) });
}

const echo = appOf((line, ctx) => ctx.emit(line, ctx.offset));

function splitOf(text: string): Split {
  const path = temporary.newPath();
  writeFileSync(path, text);
  return { file: "f", path, startBytes: 0, endBytes: Buffer.byteLength(text) };
}

/** What an attempt reported about its records, in order, and the means to run it. */
function attempt(marksRecords = false) {
  const directory = temporary.newDirectory();
  const begun: number[] = [];
  const settings: AttemptSettings = {
    ref,
    jobId: "job",
    reducers: 1,
    boundaries: undefined,
    output: {},
    directory,
    intermediatePrefix: "",
    collectorBytes: 2 ** 20,
    files: [],
    args: {},
    signal: new AbortController().signal,
    progress: {
      get record() {
        return begun.at(-1) ?? NaN;
      },
      isFolding: false,
      set: () => undefined,
      beginRecord: (offset) => void begun.push(offset),
      setFolding: () => undefined,
      takeValue: () => undefined,
    },
    marksRecords,
  };
  return { directory, begun, settings };
}

describe("a map attempt that reads several files", () => {
  const texts = ["a\nbb\n", "", "ccc\nd", "e\n"];
  const group = () => texts.map((text, n) => ({ ...splitOf(text), file: `f${n}` }));

  it("maps their records in order, each with the name of its file and its offset there", async () => {
    const { settings, begun } = attempt();
    const seen: unknown[] = [];
    const app = appOf((line, ctx) => seen.push([ctx.filename, ctx.offset, line]) && undefined);
    const result = await runMapTask(app, sourceOfSplits(group(), { input: "lines" }), settings);
    expect(seen).toEqual([
      ["f0", 0, "a"],
      ["f0", 2, "bb"],
      ["f2", 0, "ccc"],
      ["f2", 4, "d"],
      ["f3", 0, "e"],
    ]);
    expect(result).toMatchObject({ recordsIn: 5, bytesIn: texts.join("").length });
    expect(begun.filter((position) => position >= 0)).toEqual([
      ...[0, 2],
      ...[firstPosition(2), firstPosition(2) + 4],
      firstPosition(3),
    ]);
  });

  it("skips the records at the given positions, and reports their places", async () => {
    const { settings, directory } = attempt();
    const skip = [2, firstPosition(2) + 4, firstPosition(3) + 1];
    const source = sourceOfSplits(group(), { input: "lines" }, skip);
    const { skipped } = await runMapTask(echo, source, settings);
    expect(skipped).toEqual([
      { offset: 2, endOffset: 5 },
      { offset: firstPosition(2) + 4, endOffset: firstPosition(2) + 5 },
    ]);
    const [file = ""] = readdirSync(directory);
    expect(readFileSync(`${directory}/${file}`, "utf8")).not.toMatch(/bb|"d"/);
  });

  it("names the file and the line of a malformed record, and blames its position", async () => {
    const { settings, begun } = attempt();
    const splits = ["1\n", "2\n3\n{\n"].map((text, n) => ({ ...splitOf(text), file: `f${n}` }));
    const app = { ...appOf(() => undefined), input: "jsonl" as const };
    await expect(runMapTask(app, sourceOfSplits(splits, { input: "jsonl" }), settings)).rejects.toThrow("f1, line 3: ");
    expect(begun.at(-1)).toBe(firstPosition(1) + 4);
  });

  it("has no filename in setup and teardown, when no file is being read", async () => {
    const text = "ctx.filename: this task reads 4 files, and none of them is being read; use it in map";
    for (const hook of ["setup", "teardown"] as const) {
      const { settings } = attempt();
      const app = { ...echo, [hook]: (ctx: MapContext) => ctx.filename };
      await expect(runMapTask(app, sourceOfSplits(group(), { input: "lines" }), settings)).rejects.toThrow(text);
      await runMapTask(app, sourceOfSplits([splitOf("a\n")], { input: "lines" }), attempt().settings);
    }
  });
});

describe("a map attempt", () => {
  it("does not give map the records to skip, and reports their places", async () => {
    const { settings, begun } = attempt();
    const source = sourceOfSplits([splitOf("a\nbb\r\nccc\nd")], { input: "lines" }, [10, 2]);
    const result = await runMapTask(echo, source, settings);
    expect(result).toMatchObject({
      recordsIn: 2,
      recordsOut: 2,
      bytesIn: 6,
      skipped: [
        { offset: 2, endOffset: 6 },
        { offset: 10, endOffset: 11 },
      ],
    });
    expect(result.files.map(({ temporaryPath }) => readFileSync(temporaryPath, "utf8"))).toEqual([
      `["a",[0]]\n["ccc",[6]]\n`,
    ]);
    expect(begun).toEqual([0, 6, NaN]);
  });

  it("reports only the skipped records that it reached", async () => {
    const { settings } = attempt();
    const result = await runMapTask(
      echo,
      sourceOfSplits([splitOf("a\nb\n")], { input: "lines" }, [1, 4, 400]),
      settings,
    );
    expect(result).toMatchObject({ recordsIn: 2, skipped: [] });
  });

  it("blames a record for an error of the app, but none for an error at its end", async () => {
    const failing = attempt();
    const app = appOf((line) => {
      if (line === "b") throw new Error("no b");
    });
    await expect(
      runMapTask(app, sourceOfSplits([splitOf("a\nb\nc\n")], { input: "lines" }), failing.settings),
    ).rejects.toThrow("no b");
    expect(failing.begun).toEqual([0, 2]);
    const ending = attempt();
    const folding = appOf((_, ctx) => {
      ctx.emit("key", 1);
      ctx.emit("key", 2);
    });
    const late: LoadedApp = {
      ...folding,
      combine: () => {
        throw new Error("cannot combine");
      },
    };
    const source = sourceOfSplits([splitOf("a\n")], { input: "lines" });
    await expect(runMapTask(late, source, ending.settings)).rejects.toThrow("cannot combine");
    expect(ending.begun).toEqual([0, NaN]);
  });

  it("has no record at work while it spills, and the same one as before after that", async () => {
    const { settings, begun } = attempt();
    const app = appOf((line, ctx) => {
      if (line === "b") for (let n = 0; n < 200_000; n++) ctx.emit(`key${n}`, n);
    });
    await runMapTask(app, sourceOfSplits([splitOf("a\nb\nc\n")], { input: "lines" }), settings);
    const spills = (begun.length - 4) / 2;
    expect(spills).toBeGreaterThan(0);
    expect(begun).toEqual([0, 2, ...Array.from({ length: spills }, () => [NaN, 2]).flat(), 4, NaN]);
  });

  it("does not blame a record for unreadable data after it", async () => {
    const { settings, begun } = attempt();
    const source = sourceOfSplits([splitOf("a\nb\n")], { input: "lines" });
    const parts = source.parts.map((part): SplitSource => ({
      ...part,
      async openValues(context) {
        const reader = await part.openValues(context);
        const next = reader.next.bind(reader);
        reader.next = () => {
          if (reader.offset === 2) throw new Error("the disk is broken");
          return next();
        };
        return reader;
      },
    }));
    const broken: RecordSource = { ...source, parts };
    await expect(runMapTask(echo, broken, settings)).rejects.toThrow("the disk is broken");
    expect(begun).toEqual([0, 2, NaN]);
  });

  it("marks the current record on disk if required, as long as it runs", async () => {
    const { directory, settings, begun } = attempt(true);
    const found: unknown[] = [];
    const app = appOf(() => {
      // Taking it removes its name, so no later one can be found.
      if (found.length < 2)
        found.push(found.length === 0 ? readdirSync(directory).length : takeRecordMarker(directory, "job", ref));
    });
    const result = await runMapTask(app, sourceOfSplits([splitOf("a\nb\nc\n")], { input: "lines" }), settings);
    expect(found).toEqual([1, 2]);
    expect(begun).toEqual([0, 2, 4, NaN]);
    expect(result.recordsIn).toBe(3);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("leaves no mark on disk when it fails gracefully, or need not make one", async () => {
    const marked = attempt(true);
    const app = appOf(() => {
      throw new Error("no");
    });
    await expect(
      runMapTask(app, sourceOfSplits([splitOf("a\n")], { input: "lines" }), marked.settings),
    ).rejects.toThrow("no");
    expect(readdirSync(marked.directory)).toEqual([]);
    const plain = attempt();
    const looking = appOf(() => {
      expect(readdirSync(plain.directory)).toEqual([]);
    });
    await runMapTask(looking, sourceOfSplits([splitOf("a\n")], { input: "lines" }), plain.settings);
    expect(takeRecordMarker(plain.directory, "job", ref)).toBeUndefined();
  });
});
