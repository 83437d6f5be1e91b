/**
 * Has some reduces that take much longer than the rest: a test app, after the one of the MIT 6.5840 lab. It shows
 * whether the coordinator or a worker ends before the whole output is there.
 *
 *     mr-coordinator data/pg-*.txt & mr-worker early-exit & mr-worker early-exit
 *
 * The keys are the names of the inputs; those with "ashore" or "chase" in their name take three seconds.
 */
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { MapContext } from "mapreduce-ts";

export const args: readonly string[] = [];

export function map(filename: string, _contents: string, ctx: MapContext<string>): void {
  ctx.emit(filename, "1");
}

export async function reduce(filename: string, values: string[]): Promise<string> {
  if (/ashore|chase/.test(basename(filename))) await sleep(3000);
  return String(values.length);
}
