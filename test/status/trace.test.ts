import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import type { JobView, SpanView } from "../../src/model/job-view.js";
import { traceOf, type TraceEvent } from "../../src/status/trace.js";
import { hostileText, viewOf } from "./job-views.js";
import { traceFormat } from "./trace-schema.js";

function span(given: Partial<SpanView>): SpanView {
  const place = { kind: "map" as const, task: 3, attempt: 1, worker: "w1", count: 1 };
  return { ...place, startMs: 1, endMs: 2, outcome: "committed", isBackup: false, records: 7, bytes: 70, ...given };
}

function worker(id: string, host: string): JobView["workers"]["list"][number] {
  return { id, pid: 4000 + Number(id.slice(1)), host, isSilent: false, memoryBytes: 0, committed: 1, lost: 0 };
}

function eventsOf<Phase extends TraceEvent["ph"]>(view: JobView, phase: Phase) {
  const isOf = (event: TraceEvent): event is Extract<TraceEvent, { ph: Phase }> => event.ph === phase;
  return traceOf(view).traceEvents.filter(isOf);
}

describe("the trace of a job", () => {
  test("has a process for each host with a thread for each worker, including departed ones", () => {
    const list = [worker("w1", "here"), worker("w10", "there"), worker("w2", "here")];
    const spans = [span({ worker: "w3" }), span({ worker: "w1" })];
    const view = viewOf({ workers: { list, omitted: 0 }, timeline: { spans, omitted: 0 } });
    const names = eventsOf(view, "M").filter(({ name }) => name !== "thread_sort_index");
    expect(names.map(({ name, pid, tid, args }) => [name, pid, tid, args["name"]])).toEqual([
      ["process_name", 1, 0, "job wc.js"],
      ["process_name", 2, 1, "here"],
      ["thread_name", 2, 1, "w1 (pid 4001)"],
      ["process_name", 2, 2, "here"],
      ["thread_name", 2, 2, "w2 (pid 4002)"],
      ["process_name", 3, 3, "workers that have left"],
      ["thread_name", 3, 3, "w3"],
      ["process_name", 4, 10, "there"],
      ["thread_name", 4, 10, "w10 (pid 4010)"],
    ]);
    expect(eventsOf(view, "X").map(({ pid, tid }) => [pid, tid])).toEqual([
      [3, 3],
      [2, 1],
    ]);
  });

  test("has attempts with times in microseconds, with backups and merged attempts marked", () => {
    const spans = [
      span({ startMs: 1.2345, endMs: 3.5 }),
      span({ kind: "reduce", attempt: 2, isBackup: true, outcome: "cancelled" }),
      span({ count: 12 }),
    ];
    expect(eventsOf(viewOf({ timeline: { spans, omitted: 0 } }), "X")).toMatchObject([
      { name: "map 3", cat: "map,committed", ts: 1235, dur: 2265, args: { state: "committed", records: 7, bytes: 70 } },
      { name: "reduce 3", cat: "reduce,cancelled,backup", args: { attempt: 2, backup: true } },
      { name: "map 3 … (12 attempts)", args: { attempts: 12 } },
    ]);
  });

  test("has an instant for each failure, with its details", () => {
    const place = { kind: "map" as const, task: 1, attempt: 2, worker: "w1" };
    const failed = { ...place, startMs: 5, endMs: 7.5, outcome: "error" as const, message: hostileText, file: "a.txt" };
    const [event] = eventsOf(viewOf({ failures: { list: [failed], omitted: 3 } }), "i");
    expect(event).toMatchObject({ s: "t", name: "map 1: error", ts: 7500 });
    expect(event?.args).toEqual({
      ...{ task: 1, attempt: 2, worker: "w1", state: "error", tookMs: 2.5 },
      ...{ message: hostileText, file: "a.txt" },
    });
    expect(traceOf(viewOf({ failures: { list: [failed], omitted: 3 } })).otherData["failuresOmitted"]).toBe("3");
  });

  test("has rates from one sample to the next, none of them negative", () => {
    const sample = (atMs: number, mapRecords: number) => {
      return { atMs, mapRecords, mapBytes: mapRecords * 10, reduceRecords: 0, reduceBytes: 0 };
    };
    const throughput = [sample(500, 100), sample(1500, 50), sample(1500, 60), sample(3500, 250)];
    const counters = eventsOf(viewOf({ throughput }), "C");
    const of = (name: string) => counters.filter((each) => each.name === name).map(({ ts, args }) => [ts, args["map"]]);
    const rates = [200, 0, 100, 0];
    expect(of("records/s")).toEqual([0, 500_000, 1_500_000, 3_500_000].map((ts, i) => [ts, rates[i]]));
    expect(of("bytes/s").map(([, rate]) => rate)).toEqual(rates.map((rate) => rate * 10));
  });

  test("conforms to the format for any job, without overlapping events", () => {
    const times = fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { minLength: 0, maxLength: 20 });
    fc.assert(
      fc.property(times, fc.string(), (found, text) => {
        const sorted = found.sort((a, b) => a - b);
        const spans = sorted.slice(1).map((endMs, i) => span({ startMs: sorted[i] ?? 0, endMs, worker: "w1" }));
        const throughput = sorted.map((atMs, n) => {
          return { atMs, mapRecords: n, mapBytes: n, reduceRecords: 0, reduceBytes: 0 };
        });
        const view = viewOf({ app: text, timeline: { spans, omitted: 0 }, throughput });
        expect(v.safeParse(traceFormat, JSON.parse(JSON.stringify(traceOf(view)))).issues).toBeUndefined();
        const events = eventsOf(view, "X");
        events.slice(1).forEach((next, i) => {
          const { ts, dur } = events[i] ?? { ts: 0, dur: 0 };
          expect(next.ts).toBeGreaterThanOrEqual(ts + dur);
        });
      }),
    );
  });
});
