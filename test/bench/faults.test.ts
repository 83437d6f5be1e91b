import { describe, expect, test } from "vitest";
import { faultsOf } from "../../bench/measure/faults.js";
import type { ContenderResult } from "../../bench/measure/measure-workload.js";
import type { PeerName } from "../../bench/peers/peers.js";

function result(peer: PeerName, verdict: ContenderResult["verdict"], failure?: string): ContenderResult {
  const data = { name: "data", about: "", make: () => Promise.resolve() };
  const contender = { name: `the ${peer}`, peer, data, command: "true", canonical: "true" };
  return { contender, measurements: [], verdict, ...(failure !== undefined && { failure }) };
}

describe("npm run bench -- --check", () => {
  test("finds nothing when mapreduce-ts agrees with the others", () => {
    expect(faultsOf([result("mr", "same"), result("duckdb", "same")])).toEqual([]);
  });

  test.each(["differs", "unstable"] as const)("reports an output of mapreduce-ts that is %s", (verdict) => {
    expect(faultsOf([result("mr", verdict), result("duckdb", "same")])).toEqual([
      "the mr: its output differs from the other programs'",
    ]);
  });

  test("reports an output of mapreduce-ts that was not compared with any other", () => {
    expect(faultsOf([result("mr", "unchecked")])).toEqual([
      "the mr: no other program is installed to compare its output with",
    ]);
  });

  test("leaves a wrong output of another program to the table of results", () => {
    expect(faultsOf([result("mr", "same"), result("duckdb", "same"), result("skale", "differs")])).toEqual([]);
  });

  test("reports each program that fails", () => {
    const results = [result("mr", "unchecked", "exit code 1"), result("duckdb", "unchecked", "no such table")];
    expect(faultsOf(results)).toEqual(["the mr fails: exit code 1", "the duckdb fails: no such table"]);
  });
});
