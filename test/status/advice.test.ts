import { expect, test } from "vitest";
import { advice } from "../../src/status/advice.js";
import type { JobView } from "../../src/model/job-view.js";
import { viewOf } from "./job-views.js";

type Span = JobView["timeline"]["spans"][number];

const noDurations = { count: 0, totalMs: 0, medianMs: 0, maxMs: 0, buckets: [] };

function span(kind: Span["kind"], task: number, worker: string, startMs: number, endMs: number): Span {
  return {
    kind,
    task,
    attempt: 1,
    worker,
    count: 1,
    startMs,
    endMs,
    outcome: "committed",
    isBackup: false,
    records: 1,
    bytes: 1,
  };
}

function slow(kind: Span["kind"], task: number, tookMs: number, file?: string): JobView["slowest"][number] {
  const named = file === undefined ? {} : { file };
  return { kind, task, attempt: 1, worker: "w1", startMs: 100, endMs: 100 + tookMs, ...named };
}

function outOfMemory(kind: Span["kind"], file?: string, record?: number): JobView["failures"]["list"][number] {
  const ended = { kind, task: 3, attempt: 1, worker: "w1", startMs: 10, endMs: 20 };
  const at = { ...(file === undefined ? {} : { file }), ...(record === undefined ? {} : { record }) };
  return { ...ended, outcome: "memory", message: "the app's thread ran out of memory", ...at };
}

function counts(total: number) {
  return { total, idle: 0, inProgress: 0, completed: total };
}

function workers(n: number): JobView["workers"] {
  const list = Array.from({ length: n }, (_, i) => {
    return { id: `w${i + 1}`, pid: i, host: "here", isSilent: false, memoryBytes: 0, committed: 1, lost: 0 };
  });
  return { list, omitted: 0 };
}

/** A job of 10 s with two workers and no advice. */
function jobOf(given: Partial<JobView> = {}): JobView {
  return viewOf({
    phase: "done",
    elapsedMs: 10_000,
    workers: workers(2),
    maps: counts(4),
    reduces: counts(4),
    ...given,
  });
}

function timeline(...spans: Span[]): JobView["timeline"] {
  return { spans, omitted: 0 };
}

function partitions(...sizes: number[]): JobView["partitions"] {
  const largest = sizes.map((bytes, partition) => ({ partition, bytes })).sort((a, b) => b.bytes - a.bytes);
  const totalBytes = sizes.reduce((a, b) => a + b, 0);
  const medianBytes = largest[Math.floor(sizes.length / 2)]?.bytes ?? 0;
  return { count: sizes.length, totalBytes, medianBytes, largest, perEntry: 1, bytes: sizes };
}

const skewed = partitions(1e6, 1e6, 6e6, 1e6);
const even = timeline(span("map", 0, "w1", 100, 5000), span("map", 1, "w2", 100, 5200));

test.each<[string, Partial<JobView>, string[]]>([
  ["nothing was in the way", { timeline: even }, []],
  [
    "no worker came",
    { timeline: timeline(span("map", 0, "w1", 6000, 7000), span("map", 1, "w2", 6200, 7000)) },
    ["no worker joined for the first 6s"],
  ],
  [
    "some maps took far longer than the others",
    {
      durations: { sample: noDurations, map: { ...noDurations, count: 9, medianMs: 1000 }, reduce: noDurations },
      slowest: [
        slow("map", 7, 4500, "/logs/big.txt"),
        slow("map", 3, 2500, "/logs/other.txt"),
        slow("map", 1, 1900, "/logs/usual.txt"),
      ],
    },
    ["slow map tasks: 7 (big.txt) took 4.5s, 3 (other.txt) took 2.5s; the median is 1s"],
  ],
  [
    "some tasks took far longer, but not long",
    {
      durations: { sample: noDurations, map: { ...noDurations, count: 9, medianMs: 10 }, reduce: noDurations },
      slowest: [slow("map", 7, 900)],
    },
    [],
  ],
  [
    "a partition was far larger than the others, and its task took long",
    {
      partitions: skewed,
      slowest: [slow("reduce", 2, 4000)],
      durations: { sample: noDurations, map: noDurations, reduce: { ...noDurations, count: 4, medianMs: 500 } },
      timeline: timeline(span("reduce", 2, "w1", 100, 5000), span("reduce", 1, "w2", 100, 600)),
    },
    [
      "reduce task 2 took 4s, since it had 67% of the map output, 6 times the median: " +
        "a different partition function may spread it, and a combine function, if the app has none, may reduce it",
    ],
  ],
  [
    "combine tasks have shared the work of the largest partition",
    { partitions: skewed, combined: [{ partition: 2, bytes: 6e6, tasks: 3 }], slowest: [slow("reduce", 2, 4000)] },
    ["partition 2 had 67% of the map output, so 3 combine tasks shared its work"],
  ],
  [
    "only one of its combine tasks had a result",
    { partitions: skewed, combined: [{ partition: 2, bytes: 6e6, tasks: 1 }] },
    ["partition 2 had 67% of the map output, so a combine task did part of its work"],
  ],
  [
    "combine tasks have shared the work of many partitions",
    {
      partitions: skewed,
      combined: [1, 4, 6, 2, 5, 3].map((millions, partition) => ({ partition, bytes: millions * 1e6, tasks: 2 })),
    },
    [
      "partition 2 had 67% of the map output, so 2 combine tasks shared its work",
      "partition 4 had 56% of the map output, so 2 combine tasks shared its work",
      "partition 1 had 44% of the map output, so 2 combine tasks shared its work",
      "combine tasks shared the work of 3 more partitions",
    ],
  ],
  [
    "its combine tasks had no result",
    { partitions: skewed, combined: [{ partition: 2, bytes: 6e6, tasks: 0 }], slowest: [slow("reduce", 2, 4000)] },
    [
      "reduce task 2 took 4s, since it had 67% of the map output, 6 times the median: " +
        "a different partition function may spread it, and a combine function, if the app has none, may reduce it",
    ],
  ],
  [
    "a partition was far larger than the others, but soon done",
    { partitions: skewed, slowest: [slow("reduce", 2, 900)] },
    [],
  ],
  [
    "a reduce task took long that had more to read than others, but not much",
    { partitions: partitions(1000, 1000, 6000, 1000), slowest: [slow("reduce", 2, 4000)] },
    [],
  ],
  [
    "a reduce task took long that had no more to read than the others",
    { partitions: partitions(1000, 1000, 1900, 1000), slowest: [slow("reduce", 2, 4000)] },
    [],
  ],
  [
    "all waited for one map",
    {
      timeline: timeline(span("map", 0, "w1", 100, 2000), span("map", 1, "w2", 100, 6000)),
      slowest: [slow("map", 1, 5900, "/logs/big.gz")],
    },
    ["all reduce tasks waited 4s for map task 1 (big.gz): a smaller --split-size helps"],
  ],
  ...(
    [
      ["xz", "lines", "smaller files help: such a compressed one cannot be split"],
      ["gz", "csv", "smaller files help: such a compressed one cannot be split"],
      ["zst", "lines", "smaller files help"],
    ] as const
  ).map(([extension, input, help]): [string, Partial<JobView>, string[]] => [
    `all waited for one map of a ${extension} file of ${input}`,
    {
      input,
      timeline: timeline(span("map", 0, "w1", 100, 2000), span("map", 1, "w2", 100, 6000)),
      slowest: [slow("map", 1, 5900, `/logs/big.${extension}`)],
    },
    [`all reduce tasks waited 4s for map task 1 (big.${extension}): ${help}`],
  ]),
  [
    "all waited for one map of an app that takes whole files",
    {
      input: "file",
      timeline: timeline(span("map", 0, "w1", 100, 2000), span("map", 1, "w2", 100, 6000)),
      slowest: [slow("map", 1, 5900, "/logs/big.txt")],
    },
    ["all reduce tasks waited 4s for map task 1 (big.txt): smaller files help: wc.js reads each of them in one piece"],
  ],
  [
    "all waited for one map, but not for long",
    { elapsedMs: 60_000, timeline: timeline(span("map", 0, "w1", 100, 2000), span("map", 1, "w2", 100, 6000)) },
    [],
  ],
  [
    "all waited for one reduce task, in a job of which much is not known any more",
    { timeline: { ...timeline(span("reduce", 0, "w1", 100, 2000), span("reduce", 1, "w2", 100, 6000)), omitted: 1 } },
    [],
  ],
  [
    "all waited for one reduce task",
    { timeline: timeline(span("reduce", 0, "w1", 100, 2000), span("reduce", 1, "w2", 100, 6000)) },
    ["all other workers waited 4s for reduce task 1: more --reducers may help"],
  ],
  [
    "there were fewer reduce tasks than workers",
    { workers: workers(4), reduces: counts(1), timeline: timeline(span("reduce", 0, "w1", 100, 6000)) },
    ["there was 1 reduce task for 4 workers, in 5.9s: -r 4 would use them all"],
  ],
  [
    "there were fewer map tasks than workers",
    { workers: workers(4), maps: counts(2), timeline: even },
    ["there were 2 map tasks for 4 workers, in 5.1s: a smaller --split-size helps"],
  ],
  [
    "a map attempt ran out of memory",
    {
      elapsedMs: 50,
      ended: [{ kind: "map", outcome: "memory", count: 1 }],
      failures: { list: [outOfMemory("map", "big.csv", 400)], omitted: 0 },
    },
    ["an attempt ran out of memory, first map task 3 (big.csv) at byte 400: make --split-size or --workers smaller"],
  ],
  [
    "reduce attempts ran out of memory",
    {
      elapsedMs: 50,
      ended: [
        { kind: "reduce", outcome: "committed", count: 4 },
        { kind: "reduce", outcome: "memory", count: 2 },
      ],
      failures: { list: [outOfMemory("reduce")], omitted: 0 },
    },
    ["2 attempts ran out of memory, first reduce task 3: export reduceStream or combine, or make --workers smaller"],
  ],
])("when %s, the summary says so", (_, given, lines) => {
  expect(advice(jobOf(given))).toEqual(lines);
});
