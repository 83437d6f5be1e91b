/**
 * Shows whether map tasks run in parallel: a test app, after the one of the MIT 6.5840 lab.
 *
 *     mr-coordinator data/pg-*.txt & mr-worker mtiming & mr-worker mtiming
 *
 * Each map leaves a file named after its process in the current directory for a second and counts the processes that
 * have one. The output has two lines a worker: `times-PID` with the times at which its maps began, and `parallel-PID`
 * with how many maps each of them saw running, itself included.
 */
import type { MapContext } from "mapreduce-ts";
import { countRunning } from "./support/count-running.js";

export const args: readonly string[] = [];

export async function map(_filename: string, _contents: string, ctx: MapContext<string>): Promise<void> {
  ctx.emit(`times-${process.pid}`, (Date.now() / 1000).toFixed(1));
  ctx.emit(`parallel-${process.pid}`, String(await countRunning("running-map-")));
}

export function reduce(_key: string, values: string[]): string {
  return values.sort().join(" ");
}
