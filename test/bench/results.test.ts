import { format } from "prettier";
import { describe, expect, test } from "vitest";
import type { ContenderResult } from "../../bench/measure/measure-workload.js";
import { renderResults, type Report } from "../../bench/report/results.js";
import { targetsOf } from "../../bench/report/targets.js";
import type { Contender, Workload } from "../../bench/workloads/workload.js";

const data = { name: "corpus", about: "1 MiB of text", make: () => Promise.resolve() };
const own: Contender = { name: "mapreduce-ts", peer: "mr", data, command: "mr run wc", canonical: "cat out.txt" };
const duckdb: Contender = { ...own, name: "DuckDB, 2 threads", peer: "duckdb", command: "duckdb", target: 0.6 };
const workload: Workload = {
  name: "wc",
  title: "Word count",
  about: "Counts.",
  minutes: 1,
  contenders: () => [own, duckdb],
};

function result(contender: Contender, times: readonly number[], more?: Partial<ContenderResult>): ContenderResult {
  const measurements = times.map((seconds) => ({
    seconds,
    cpuSeconds: 2 * seconds,
    processes: [{ name: "worker-child.js", peakBytes: seconds * 1e8 }],
    peakSumBytes: seconds * 2e8,
  }));
  return { contender, measurements, verdict: "same", ...more };
}

function report(results: readonly ContenderResult[], more?: Partial<Report>): Report {
  const machine = {
    processor: "Test CPU",
    cores: 2,
    memoryBytes: 2 ** 34,
    kernel: "6.1",
    node: "v20.19.0",
    nodeStartSeconds: 0.04,
    diskBytesPerSecond: 1e9,
  };
  return {
    date: new Date("2026-01-02T03:04:05Z"),
    machine,
    found: new Map([
      ["duckdb", { version: "1.2.3" }],
      ["mrjob", { lacks: "No module named 'mrjob'" }],
    ]),
    runs: 5,
    scale: 1,
    workloads: [{ workload, results, lacking: ["mrjob, local"] }],
    notes: "## Notes\n\nIt rained.",
    ...more,
  };
}

const rowOf = (text: string, start: string): string[] | undefined =>
  text
    .split("\n")
    .find((line) => line.startsWith(`| ${start}`))
    ?.split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());

describe("the table of a workload", () => {
  test("has times, memory, the ratio, and whether it meets the target", () => {
    const text = renderResults(report([result(own, [4, 3, 5]), result(duckdb, [2, 9, 8])]));
    expect(rowOf(text, "mapreduce-ts")).toEqual([
      "mapreduce-ts",
      "4.00",
      "3.00–5.00",
      "3",
      "8.00",
      "500",
      "1000",
      "",
      "",
    ]);
    expect(rowOf(text, "DuckDB,")).toEqual([
      "DuckDB, 2 threads",
      "8.00",
      "2.00–9.00",
      "3",
      "16.00",
      "900",
      "1800",
      "0.50",
      "≤ 0.6: met",
    ]);
  });

  test("gives no time for a wrong output or a failure, and no ratio to it", () => {
    const wrong = renderResults(report([result(own, [4]), result(duckdb, [1], { verdict: "differs" })]));
    expect(rowOf(wrong, "DuckDB, 2 threads:")?.join()).toMatch(/^DuckDB, 2 threads: WRONG.*another one,,,,,,,,$/);
    const unstable = renderResults(report([result(own, [4]), result(duckdb, [1], { verdict: "unstable" })]));
    expect(rowOf(unstable, "DuckDB, 2 threads:")?.join()).toMatch(/WRONG.*changes from run to run,,,,,,,,$/);
    const failed = renderResults(report([result(own, [], { failure: "exit code 1" }), result(duckdb, [1])]));
    expect(rowOf(failed, "mapreduce-ts:")?.join()).toBe("mapreduce-ts: FAILED: exit code 1,,,,,,,,");
    expect(rowOf(failed, "DuckDB, 2 threads")).toEqual([
      "DuckDB, 2 threads",
      "1.00",
      "",
      "1",
      "2.00",
      "100",
      "200",
      "",
      "≤ 0.6: ?",
    ]);
  });

  test("says what is not installed, and how to install it", () => {
    const text = renderResults(report([result(own, [4])]));
    expect(text).toContain("Not installed: mrjob, local.");
    expect(text).toMatch(/mrjob was not measured \(No module named 'mrjob'\); to install it: `python3 -m venv/);
    expect(text).toContain("- DuckDB 1.2.3");
  });

  test("shows a command that contains bars", () => {
    const text = renderResults(report([result({ ...own, name: "tr | mawk" }, [4])]));
    expect(text).toContain(String.raw`| tr \| mawk |`);
  });
});

test("targets are met, missed or unknown", () => {
  const step = (mebibytes: number): Contender => {
    return { ...own, name: `${mebibytes}`, data: { ...data, name: `${mebibytes}` }, step: { mebibytes, workers: 2 } };
  };
  const results = [result(own, [4]), result(duckdb, [5]), result(step(256), [1]), result(step(4096), [18])];
  expect(targetsOf([{ workload, results, lacking: [] }]).map(({ reached, met }) => [reached, met])).toEqual([
    ["0.80", false],
    ["1800 MB", false],
    ["1.13", true],
  ]);
  const unknown = [result(own, [], { failure: "exit code 1" }), result(duckdb, [5])];
  expect(targetsOf([{ workload, results: unknown, lacking: [] }])[0]?.met).toBeUndefined();
});

test("the scaling table has seconds a GB and the memory of each kind of process", () => {
  const step = { mebibytes: 1000, workers: 1 };
  const text = renderResults(report([result({ ...own, step }, [2])]));
  expect(rowOf(text, "1000")).toEqual(["1000", "1", "2.00", "1.91", "3.81", "?", "200"]);
});

test("the results are complete, and already formatted", async () => {
  const options = { parser: "markdown", printWidth: 120 };
  const text = await format(renderResults(report([result(own, [4]), result(duckdb, [5])])), options);
  expect(await format(text, options)).toBe(text);
  expect(text).toContain("It rained.");
  expect(text).toContain("2026-01-02; medians of 5 runs where");
  expect(text).toContain("Test CPU, 2 cores, 16 GiB of memory, Linux 6.1");
});
