import { corpus } from "../data/texts.js";
import * as wordCount from "./word-count.js";
import { MiB, threads, type Contender, type Workload } from "./workload.js";

/** How often mapreduce-ts is measured with a GiB or more. */
const largeRuns = 3;

export const wc: Workload = {
  name: "wc",
  title: "Word count",
  about: "Counts words: the job of the paper, by every program that was found.",
  minutes: 8,
  contenders(scale) {
    const data = corpus(Math.round(256 * MiB * scale), 8);
    return [
      wordCount.mr(data),
      { ...wordCount.duckdbTuned(data), target: 0.6 },
      wordCount.duckdbPlain(data),
      { ...wordCount.parallelMawk(data), target: 0.6 },
      wordCount.trMawk(data),
      wordCount.sortUniq(data),
      wordCount.skale(data),
      wordCount.mrjob(data),
      wordCount.pyspark(data),
    ];
  },
};

export const wcOneFile: Workload = {
  name: "wc-one-file",
  title: "Word count of one large file",
  about: "The same, where the input has to be cut before two processors can work on it.",
  minutes: 4,
  contenders(scale) {
    const data = corpus(Math.round(1024 * MiB * scale), 1);
    const peers = [wordCount.duckdbTuned(data), wordCount.parallelMawkOneFile(data)];
    return [{ ...wordCount.mr(data), runs: largeRuns }, ...peers];
  },
};

export const wcPlain: Workload = {
  name: "wc-plain",
  title: "Word count in plain style",
  about:
    "The same data as the first, with an app as one writes it in the lab: `map` takes a whole file and returns an " +
    "array of `{ key, value }`.",
  minutes: 2,
  contenders(scale) {
    const data = corpus(Math.round(256 * MiB * scale), 8);
    return [wordCount.mr(data, '"$BENCH/apps/plain-wc.js"'), { ...wordCount.duckdbTuned(data), target: 1.5 }];
  },
};

export const wcStrings: Workload = {
  name: "wc-strings",
  title: "Word count on strings",
  about:
    "The same data, with an app that differs from the bundled one in that its `map` is given strings, not bytes; its " +
    "line has the ratio of the bundled one to it. DuckDB runs once, to compare the outputs with.",
  minutes: 1.5,
  contenders(scale) {
    const data = corpus(Math.round(256 * MiB * scale), 8);
    return [
      { ...wordCount.mr(data, '"$BENCH/apps/wc-strings.js"'), name: "mapreduce-ts, words as strings" },
      wordCount.mr(data),
      wordCount.toCompareWith(wordCount.duckdbTuned(data)),
    ];
  },
};

/** Sizes in MiB and numbers of workers of the scaling table. */
const steps = [
  { mebibytes: 64, workers: threads },
  { mebibytes: 256, workers: 1 },
  { mebibytes: 256, workers: threads },
  { mebibytes: 1024, workers: threads },
  { mebibytes: 4096, workers: threads },
];

export const scaling: Workload = {
  name: "scaling",
  title: "Scaling",
  about: "Word count of more and more text, in 8 files. DuckDB runs once a size, to compare the output with.",
  minutes: 8,
  contenders(scale) {
    const [first, ...others] = steps.flatMap((step): Contender[] => {
      const size = step.mebibytes * scale;
      const data = corpus(Math.round(size * MiB), 8);
      const workers = step.workers === 1 ? "1 worker" : `${step.workers} workers`;
      const mr = {
        ...wordCount.mr(data, "wc", `-w ${step.workers}`),
        name: `mapreduce-ts, ${size} MiB, ${workers}`,
        ...(step.mebibytes >= 1024 && { runs: largeRuns }),
      };
      if (step.workers === 1) return [{ ...mr, step }];
      return [
        { ...mr, step },
        { ...wordCount.toCompareWith(wordCount.duckdbTuned(data)), name: `DuckDB, ${size} MiB` },
      ];
    });
    if (first === undefined) throw new Error("There are no steps.");
    return [first, ...others];
  },
};
