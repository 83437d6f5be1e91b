import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { metricsText } from "../../src/status/metrics.js";
import { viewOf } from "./job-views.js";

interface Metric {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

describe("the metrics of a job", () => {
  it("are its tasks, attempts, sums and counters, in base units", () => {
    const sums = { recordsIn: 10, recordsOut: 20, bytesIn: 30, bytesOut: 40 };
    const metrics = parse(
      metricsText(
        viewOf({
          ended: [{ kind: "map", outcome: "crash", count: 3 }],
          processed: { map: sums, reduce: { ...sums, bytesOut: 7 } },
          map: { ...sums, keys: 1, spills: 0, spilledBytes: 0, counters: [["words", 2.5]] },
        }),
      ),
    );
    const valueOf = (name: string, labels: Readonly<Record<string, string>> = {}) => {
      return metrics.find((metric) => metric.name === name && same(metric.labels, labels))?.value;
    };
    expect(valueOf("mapreduce_tasks", { phase: "map", state: "completed" })).toBe(2);
    expect(valueOf("mapreduce_tasks", { phase: "map", state: "in_progress" })).toBe(1);
    expect(valueOf("mapreduce_attempts_ended_total", { phase: "map", outcome: "crash" })).toBe(3);
    expect(valueOf("mapreduce_output_bytes_total", { phase: "reduce" })).toBe(7);
    expect(valueOf("mapreduce_app_counted", { phase: "map", name: "words" })).toBe(2.5);
    expect(valueOf("mapreduce_job_elapsed_seconds")).toBe(1.5);
    expect(valueOf("mapreduce_job_start_time_seconds")).toBe(1_700_000_000.5);
    expect(valueOf("mapreduce_job_phase", { phase: "map" })).toBe(1);
    expect(valueOf("mapreduce_job_phase", { phase: "done" })).toBe(0);
  });

  it("contain durations as a histogram in seconds that adds up", () => {
    const durations = {
      count: 3,
      totalMs: 4500,
      medianMs: 1,
      maxMs: 3000,
      buckets: [
        [1, 0],
        [2, 2],
        [4096, 3],
      ] as [number, number][],
    };
    const metrics = parse(metricsText(viewOf({ durations: { sample: durations, map: durations, reduce: durations } })));
    const ofMap = metrics.filter(
      ({ name, labels }) => name.startsWith("mapreduce_attempt_duration_") && labels["phase"] === "map",
    );
    expect(ofMap.map(({ name, labels, value }) => [name.replace(/^.*_/, ""), labels["le"], value])).toEqual([
      ["bucket", "0.001", 0],
      ["bucket", "0.002", 2],
      ["bucket", "4.096", 3],
      ["bucket", "+Inf", 3],
      ["sum", undefined, 4.5],
      ["count", undefined, 3],
    ]);
  });

  it("are well-formed whatever the names and values of an app's counters", () => {
    const values = fc.oneof(fc.double({ noNaN: true }), fc.integer());
    const counters = fc.uniqueArray(fc.tuple(fc.string({ unit: "binary" }), values), { selector: ([name]) => name });
    fc.assert(
      fc.property(counters, (given) => {
        const view = viewOf();
        const metrics = parse(metricsText({ ...view, map: { ...view.map, counters: given } }));
        const found = metrics.filter(({ name }) => name === "mapreduce_app_counted");
        expect(found.map(({ labels, value }) => [labels["name"], value + 0])).toEqual(
          given.map(([name, n]) => [name.toWellFormed(), n + 0]),
        );
      }),
    );
  });
});

/**
 * Parses text format 0.0.4 and throws at any violation of its specification: a family's HELP, TYPE and samples are
 * adjacent, names and labels have valid characters, counters end in _total, and no sample occurs twice.
 */
function parse(text: string): Metric[] {
  if (!text.endsWith("\n")) throw new Error("no line feed at the end");
  const types = new Map<string, string>();
  const seen = new Set<string>();
  let family = "";
  return text
    .slice(0, -1)
    .split("\n")
    .flatMap((line): Metric[] => {
      const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
      if (comment !== null) {
        const [, keyword, name = "", rest = ""] = comment;
        if (keyword === "HELP" && types.has(name)) throw new Error(`${name} comes twice`);
        if (keyword === "TYPE") {
          if (name !== family) throw new Error(`the type of ${name} is not below its help`);
          if (!["counter", "gauge", "histogram"].includes(rest)) throw new Error(`no type: ${rest}`);
          if (/_(counter|gauge|histogram)(_|$)/.test(name)) throw new Error(`${name} says its type`);
          if ((rest === "counter") !== name.endsWith("_total")) throw new Error(`${name} is a ${rest}`);
          types.set(name, rest);
        }
        family = name;
        return [];
      }
      const sample = /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)+)\})? (\S+)$/.exec(line);
      if (sample === null) throw new Error(`no sample: ${line}`);
      const [, name = "", labelsText = "", value = ""] = sample;
      const base = types.get(family) === "histogram" ? name.replace(/_(bucket|sum|count)$/, "") : name;
      if (base !== family) throw new Error(`${name} stands among ${family}`);
      const key = `${name}{${labelsText}}`;
      if (seen.has(key)) throw new Error(`${key} comes twice`);
      seen.add(key);
      const labels = [...labelsText.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"/g)].map(
        ([, label = "", escaped = ""]) =>
          [label, escaped.replace(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c))] as const,
      );
      const number = { "+Inf": Infinity, "-Inf": -Infinity }[value] ?? Number(value);
      if (Number.isNaN(number)) throw new Error(`no number: ${value}`);
      return [{ name, labels: Object.fromEntries(labels), value: number }];
    });
}

function same(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
