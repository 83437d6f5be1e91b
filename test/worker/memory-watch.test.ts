import { expect, test } from "vitest";
import { workerMemory } from "../../src/machine/worker-memory.js";
import { memoryMessage } from "../../src/worker/memory-watch.js";

const mebibyte = 2 ** 20;
const collectorBytes = 256 * mebibyte;
const process = { beforeBytes: 100 * mebibyte, mostBytes: 1100 * mebibyte };
const measured = (heap: number, pairs: number) => ({ heapBytes: heap * mebibyte, pairBytes: pairs * mebibyte });

test.each([
  [
    "the app keeps data",
    { kind: "map", where: " at byte 40 of a.txt", process, thread: measured(900, 10), collectorBytes },
    /^the app's thread ran out of memory at byte 40 of a\.txt \(its heap may have \d+ MiB.*\): its process grew from 100 MiB to 1100 MiB, mostly by what the app keeps \(when last measured, the app's heap had 900 MiB, and the pairs 10 MiB\): emit pairs instead of collecting them/,
  ],
  [
    "the engine keeps many pairs",
    { kind: "map", where: "", process, thread: measured(50, 800), collectorBytes },
    /MiB, mostly by the engine's pairs \(when last measured, the app's heap had 50 MiB, and the pairs 800 MiB\): make --memory smaller$/,
  ],
  [
    "its thread has measured nothing",
    { kind: "map", where: "", process, thread: undefined, collectorBytes },
    /to 1100 MiB, of which the engine's pairs may take 256 MiB, so most of it is what the app keeps: emit pairs/,
  ],
  [
    "the app keeps more than --worker-memory allows",
    {
      kind: "map",
      where: "",
      process,
      thread: measured(900, 10),
      collectorBytes,
      limit: workerMemory(1080 * mebibyte),
    },
    /^the app's thread ran out of memory \(its heap may have 480 MiB, its process with --worker-memory 1080 MiB.*smaller, or make --worker-memory larger$/,
  ],
  [
    "an app takes the memory of --worker-memory while it is loaded",
    {
      kind: undefined,
      where: "",
      process: undefined,
      thread: undefined,
      collectorBytes: 0,
      limit: workerMemory(216 * mebibyte),
    },
    /^the app's thread ran out of memory \(its heap may have 48 MiB, .* 216 MiB[^:]*\): make --worker-memory larger$/,
  ],
  [
    "a key has many values",
    { kind: "reduce", where: ` after 9 values, at key "hot"`, process, thread: measured(900, 0), collectorBytes },
    /ran out of memory after 9 values, at key "hot" \(.*, by what the app keeps and the values of its key: export reduceStream/,
  ],
] as const)("when an attempt runs out of memory because %s, the message says so", (_, attempt, message) => {
  expect(memoryMessage({ limit: undefined, ...attempt })).toMatch(message);
});
