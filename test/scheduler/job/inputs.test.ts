import { expect, test } from "vitest";
import type { Event } from "../../../src/scheduler/cluster/events.js";
import { resumeJob } from "../../../src/scheduler/cluster/job-ends.js";
import { step } from "../../../src/scheduler/cluster/step.js";
import { restore } from "../../../src/scheduler/job/restore.js";
import { noMeasures } from "../../../src/model/measures.js";
import type { AttemptRef } from "../../../src/model/attempt.js";
import type { ReduceInput } from "../../../src/model/assignment.js";
import type { ResultOf } from "../../../src/rpc/protocol.js";
import { jobSettings } from "../../support/job-settings.js";
import { type OneJob, ofJob, oneJob } from "../one-job.js";

const reduce = ofJob({ kind: "reduce", task: 0, attempt: 1 });

test("inputs are listed in pages of a thousand, in the order of the maps, each map once", () => {
  const job = jobInReduce(2500, () => true);
  const first = list(job, 0);
  const second = list(job, first.next ?? 0);
  const third = list(job, second.next ?? 0);
  expect([first, second, third].map(({ inputs, next }) => [inputs.length, next])).toEqual([
    [1000, 1000],
    [1000, 2000],
    [500, undefined],
  ]);
  const maps = [first, second, third].flatMap(({ inputs }) => inputs.map(([map]) => map));
  expect(maps).toEqual(Array.from({ length: 2500 }, (_, map) => map));
});

test("a page counts existing inputs, not maps without output", () => {
  const job = jobInReduce(2500, (map) => map % 2 === 1);
  const { inputs, next } = list(job, 0);
  expect([inputs[0]?.[0], inputs.at(-1)?.[0], next]).toEqual([1, 1999, 2000]);
});

test("an exactly full last page is marked as the last, and a page beyond it is empty", () => {
  const job = jobInReduce(1000, () => true);
  expect(list(job, 0).next).toBeUndefined();
  expect(list(job, 1000)).toEqual({ type: "page", inputs: [] });
  expect(list(job, 5000)).toEqual({ type: "page", inputs: [] });
});

/** A job whose maps are all done, with an input for the only reduce where `gives` is true; w1 runs that reduce. */
function jobInReduce(maps: number, gives: (map: number) => boolean): OneJob {
  const { cluster, state } = oneJob(jobSettings());
  const app = { name: "app.js", hash: "0", input: "file" } as const;
  const split = { file: "a.txt", path: "/a.txt", startBytes: 0, endBytes: 1 };
  restore(state, { type: "planned", app, args: {}, splits: Array.from({ length: maps }, () => [split]) }, 0);
  const measures = { ...noMeasures(), recordsIn: 1, recordsOut: 1, bytesIn: 1, bytesOut: 1, keys: 1 };
  const done = { ...measures, skipped: [], sideFiles: [] };
  for (let task = 0; task < maps; task++) {
    const ref: AttemptRef = { kind: "map", task, attempt: 1 };
    restore(state, { type: "committed", ref, outputs: gives(task) ? [[0, 1, 1]] : [], ...done }, 0);
  }
  resumeJob(cluster, state, () => true, 0);
  step(cluster, { type: "registered", call: 1, pid: 1, host: "host" }, 0);
  step(cluster, { type: "taskRequested", call: 2, worker: "w1" }, 0);
  return { cluster, state };
}

function list({ cluster }: OneJob, from: number): { inputs: ReduceInput[]; next?: number | undefined } {
  const event: Event = { type: "inputsAsked", call: 3, worker: "w1", ref: reduce, from };
  const [reply] = step(cluster, event, 0);
  const result = reply?.type === "reply" ? (reply.result as ResultOf<"ListInputs">) : undefined;
  if (result?.type !== "page") throw new Error(`${JSON.stringify(reply)} is no page`);
  return result;
}
