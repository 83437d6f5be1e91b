/**
 * Counts how often maps were executed in all: a test app, after the one of the MIT 6.5840 lab.
 *
 *     mr-coordinator data/pg-*.txt & mr-worker jobcount & mr-worker jobcount
 *
 * Each execution of map leaves a file of its own in the current directory, then takes 2 to 5 seconds. The one line of
 * output is `a N`: the number of those files. It is the number of inputs, unless a map was executed twice.
 */
import { randomInt, randomUUID } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { MapContext } from "mapreduce-ts";

const prefix = "executed-map-";

export const args: readonly string[] = [];

export async function map(_filename: string, _contents: string, ctx: MapContext<string>): Promise<void> {
  await writeFile(`${prefix}${ctx.task}-${ctx.attempt}-${randomUUID()}`, "", { flag: "wx" });
  await sleep(2000 + randomInt(3001));
  ctx.emit("a", "x");
}

export async function reduce(): Promise<string> {
  const files = await readdir(".");
  return String(files.filter((file) => file.startsWith(prefix)).length);
}
