/**
 * Often crashes and often is slow, in map and in reduce: a test app, after the one of the MIT 6.5840 lab.
 *
 *     mr-coordinator data/pg-*.txt & while sleep 1; do mr-worker crash; done
 *
 * One call in three ends the worker at once, one in three sleeps up to ten seconds. The output must be that of
 * `nocrash` all the same.
 */
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { MapContext } from "mapreduce-ts";

export const args: readonly string[] = [];

export async function map(filename: string, contents: string, ctx: MapContext<string>): Promise<void> {
  await mayCrash();
  ctx.emit("a", filename);
  ctx.emit("b", String(filename.length));
  ctx.emit("c", String(contents.length));
  ctx.emit("d", "xyzzy");
}

export async function reduce(_key: string, values: string[]): Promise<string> {
  await mayCrash();
  return values.sort().join(" ");
}

async function mayCrash(): Promise<void> {
  const fate = randomInt(6);
  // An app runs in a thread of the worker, where `process.exit` ends that thread only: the engine must bear that, and
  // it must bear the end of the whole process, which takes a signal that cannot be caught.
  if (fate === 0) process.exit(1);
  if (fate === 1) process.kill(process.pid, "SIGKILL");
  if (fate === 2 || fate === 3) await sleep(randomInt(10_000));
}
