import { expect, test } from "vitest";
import { runsOf } from "../../bench/measure/measure-workload.js";
import type { Contender } from "../../bench/workloads/workload.js";

const data = { name: "corpus", about: "text", make: () => Promise.resolve() };
const own: Contender = { name: "mapreduce-ts", peer: "mr", data, command: "mr", canonical: "cat out.txt" };
const other: Contender = { ...own, name: "DuckDB", peer: "duckdb" };

test("mapreduce-ts and programs with a target run as often as asked for, others less often", () => {
  expect(runsOf(own, 40, 5)).toBe(5);
  expect(runsOf({ ...own, runs: 3 }, 40, 5)).toBe(3);
  expect(runsOf({ ...other, target: 2 }, 10, 5)).toBe(5);
  expect(runsOf(other, 10, 5)).toBe(3);
  expect(runsOf({ ...other, target: 2 }, 31, 5)).toBe(2);
});

test("nothing runs more often than asked for", () => {
  expect([own, other, { ...own, runs: 3 }].map((contender) => runsOf(contender, 40, 1))).toEqual([1, 1, 1]);
});
