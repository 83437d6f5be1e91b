/**
 * Shows whether reduce tasks run in parallel: a test app, after the one of the MIT 6.5840 lab.
 *
 *     mr-coordinator data/pg-*.txt & mr-worker rtiming & mr-worker rtiming
 *
 * There are ten keys. Each reduce leaves a file named after its process in the current directory for a second, and
 * returns how many processes have one: how many reduces ran, itself included.
 */
import type { MapContext } from "mapreduce-ts";
import { countRunning } from "./support/count-running.js";

export const args: readonly string[] = [];

export function map(_filename: string, _contents: string, ctx: MapContext<string>): void {
  for (const key of "abcdefghij") ctx.emit(key, "1");
}

export async function reduce(): Promise<string> {
  return String(await countRunning("running-reduce-"));
}
