import { noFlow, noMeasures } from "../../src/model/measures.js";
import type { JobView } from "../../src/model/job-view.js";

const durations = { count: 0, totalMs: 0, medianMs: 0, maxMs: 0, buckets: [] };

/** A running job without further properties, overridden by the given ones. */
export function viewOf(given: Partial<JobView> = {}): JobView {
  return {
    version: 1,
    job: "abcd",
    app: "wc.js",
    args: [],
    directory: "/out",
    phase: "map",
    startedAtEpochMs: 1_700_000_000_500,
    elapsedMs: 1500,
    samples: { total: 0, idle: 0, inProgress: 0, completed: 0 },
    maps: { total: 4, idle: 1, inProgress: 1, completed: 2 },
    reduces: { total: 2, idle: 2, inProgress: 0, completed: 0 },
    map: noMeasures(),
    reduce: noMeasures(),
    processed: { map: noFlow(), reduce: noFlow() },
    ended: [],
    backups: { begun: 0, won: 0, savedMs: 0 },
    mapsLost: 0,
    recordsSkipped: 0,
    workers: { list: [], omitted: 0 },
    timeline: { spans: [], omitted: 0 },
    slowest: [],
    durations: { sample: durations, map: durations, reduce: durations },
    failures: { list: [], omitted: 0 },
    partitions: { count: 2, totalBytes: 0, medianBytes: 0, largest: [], perEntry: 1, bytes: [0, 0] },
    throughput: [],
    ...given,
  };
}

/** A possible file name or error message: it must stay text. */
export const hostileText = `</script><script>window.hacked = 1</script><img src=x onerror="window.hacked = 2">"'\\&\n\u2028]]>-->`;
