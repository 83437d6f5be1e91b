import type { JobView, SpanView } from "../../model/job-view.js";

/** The kind of a bar in the timeline, which determines its colour. */
export type BarStyle = "sample" | "map" | "combine" | "reduce" | "backup" | "failed" | "cancelled";

/** An attempt, or several merged ones, as a bar. */
export interface Bar extends Omit<SpanView, "outcome"> {
  readonly outcome: SpanView["outcome"] | "running";
  readonly style: BarStyle;
}

/** The attempts of one worker. */
export interface Lane {
  readonly worker: string;
  readonly bars: readonly Bar[];
}

/** The timeline as one lane per worker, in the order in which they joined. */
export function lanesOf({ timeline, workers, elapsedMs }: JobView): Lane[] {
  const lanes = new Map<string, Bar[]>(workers.list.map(({ id }) => [id, []]));
  const add = (bar: Bar) => {
    const lane = lanes.get(bar.worker);
    if (lane === undefined) lanes.set(bar.worker, [bar]);
    else lane.push(bar);
  };
  for (const span of timeline.spans) add({ ...span, style: styleOf(span) });
  for (const { id, running } of workers.list) {
    if (running === undefined) continue;
    const style = running.isBackup ? "backup" : running.kind;
    add({ ...running, worker: id, count: 1, endMs: elapsedMs, outcome: "running", style });
  }
  const number = (worker: string) => Number(/\d+/.exec(worker)?.[0] ?? 0);
  return [...lanes].map(([worker, bars]) => ({ worker, bars })).sort((a, b) => number(a.worker) - number(b.worker));
}

function styleOf({ outcome, isBackup, kind }: SpanView): BarStyle {
  if (outcome === "cancelled") return "cancelled";
  if (outcome !== "committed") return "failed";
  return isBackup ? "backup" : kind;
}
