import { describe, expect, it } from "vitest";
import type { Combine } from "../../src/app/combine.js";
import { createSlabCollector } from "../../src/shuffle/collect/slab-collector.js";
import type { StoredFile } from "../../src/shuffle/stored-file.js";
import { runCombineTask } from "../../src/worker/combine-task.js";
import type { AttemptResult, AttemptSettings } from "../../src/worker/task-context.js";
import { collect, stored } from "../shuffle/shuffle-run.js";
import { SmallDisk, whyNoSmallDisk } from "../support/small-disk.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();
const files = 8;

/** Adds up vectors, so that the result of several files is as long as one of them. */
const combine: Combine = (_, vectors) =>
  (vectors as number[][]).reduce((sum, vector) => sum.map((n, at) => n + (vector[at] ?? 0)));

/** Files of map tasks, each with a vector of the same key. */
function inputsOf(): StoredFile[] {
  return Array.from({ length: files }, (_, file) => {
    const path = temporary.newPath();
    const options = { reducers: 1, temporaryPath: () => path, spillPath: () => `${path}-run` };
    const value = Array.from({ length: 20_000 }, (_, n) => n + file);
    return collect(createSlabCollector, options, [{ key: "hot", value }]).map(stored);
  }).flat();
}

function combinedIn(directory: string, inputs: readonly StoredFile[]): AttemptResult {
  const settings: AttemptSettings = {
    ref: { kind: "combine", task: 0, attempt: 1 },
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
      record: NaN,
      isFolding: false,
      set: () => undefined,
      beginRecord: () => undefined,
      setFolding: () => undefined,
      takeValue: () => undefined,
    },
    marksRecords: false,
  };
  return runCombineTask({ combine }, inputs, { partition: 0, file: files }, settings);
}

describe.skipIf(whyNoSmallDisk !== undefined)(`a combine task on a small disk${whyNoSmallDisk ?? ""}`, () => {
  it("leaves room for the output of the reduce task, whose input it only makes shorter", async () => {
    const inputs = inputsOf();
    const inputBytes = inputs.reduce((sum, { bytes }) => sum + bytes, 0);
    const disk = SmallDisk.mount(temporary.newDirectory(), 4 * 1024);
    try {
      disk.fill(inputBytes - 8192);
      expect(combinedIn(disk.path, inputs).files).toEqual([]);
      disk.free();
      // There is room when it begins, and too little beside what it writes.
      disk.fill(inputBytes + 8192);
      expect(combinedIn(disk.path, inputs).files).toEqual([]);
      expect(disk.files()).toEqual([]);
      disk.free();
      disk.fill(2 * inputBytes);
      expect(combinedIn(disk.path, inputs).files).toHaveLength(1);
    } finally {
      await disk.unmount();
    }
  });
});
