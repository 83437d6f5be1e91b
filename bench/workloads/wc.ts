import { corpus } from "../data/texts.js";
import * as wordCount from "./word-count.js";
import { MiB, once, type Contender, type Workload } from "./workload.js";

export const wc: Workload = {
  name: "wc",
  title: "Word count",
  about: "Counts words: the job of the paper, by every program that was found.",
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
  contenders(scale) {
    const data = corpus(Math.round(1024 * MiB * scale), 1);
    return [wordCount.mr(data), wordCount.duckdbTuned(data), wordCount.parallelMawkOneFile(data)];
  },
};

export const wcPlain: Workload = {
  name: "wc-plain",
  title: "Word count in plain style",
  about:
    "The same data as the first, with an app as one writes it in the lab: `map` takes a whole file and returns an " +
    "array of `{ key, value }`.",
  contenders(scale) {
    const data = corpus(Math.round(256 * MiB * scale), 8);
    return [
      wordCount.mr(data, '"$BENCH/apps/plain-wc.js"'),
      { ...wordCount.duckdbTuned(data), target: 1.5 },
      wordCount.parallelMawk(data),
    ];
  },
};

/** Sizes in MiB and numbers of workers of the scaling table. */
const steps = [
  { mebibytes: 64, workers: 2 },
  { mebibytes: 256, workers: 1 },
  { mebibytes: 256, workers: 2 },
  { mebibytes: 1024, workers: 2 },
  { mebibytes: 4096, workers: 2 },
];

export const scaling: Workload = {
  name: "scaling",
  title: "Scaling",
  about: "Word count of more and more text, in 8 files. DuckDB runs once a size, to compare the output with.",
  contenders(scale) {
    const [first, ...others] = steps.flatMap((step): Contender[] => {
      const size = step.mebibytes * scale;
      const data = corpus(Math.round(size * MiB), 8);
      const workers = step.workers === 1 ? "1 worker" : `${step.workers} workers`;
      const mr = { ...wordCount.mr(data, "wc", `-w ${step.workers} `), name: `mapreduce-ts, ${size} MiB, ${workers}` };
      if (step.workers === 1) return [{ ...mr, step }];
      return [
        { ...mr, step },
        { ...wordCount.duckdbTuned(data), ...once, name: `DuckDB, ${size} MiB` },
      ];
    });
    if (first === undefined) throw new Error("There are no steps.");
    return [first, ...others];
  },
};
