import type { ContenderResult } from "./measure-workload.js";

/**
 * Lists what is wrong with the outputs of one workload, one line each: a program that failed, or an output of
 * mapreduce-ts that most programs disagree with. The output of another program may differ; RESULTS.md then says so.
 */
export function faultsOf(results: readonly ContenderResult[]): string[] {
  return results.flatMap(({ contender: { name, peer }, verdict, failure }) => {
    if (failure !== undefined) return [`${name} fails: ${failure}`];
    if (peer !== "mr" || verdict === "same") return [];
    if (verdict === "unchecked") return [`${name}: no other program is installed to compare its output with`];
    return [`${name}: its output differs from the other programs'`];
  });
}
