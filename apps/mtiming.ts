/**
 * Shows whether map tasks run in parallel: a test app, after the one of the MIT 6.5840 lab.
 *
 *     mr-coordinator data/pg-*.txt & mr-worker mtiming & mr-worker mtiming
 *
 * Each map leaves a file named after its process in the current directory for a second and counts the processes that
 * have one. The output has two lines a worker: `times-PID` with the times at which its maps began, and `parallel-PID`
 * with how many maps each of them saw running, itself included.
 */
import { readdir, rm, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { MapContext } from "mapreduce-ts";

const prefix = "running-map-";

export async function map(_filename: string, _contents: string, ctx: MapContext<string>): Promise<void> {
  ctx.emit(`times-${process.pid}`, (Date.now() / 1000).toFixed(1));
  ctx.emit(`parallel-${process.pid}`, String(await countRunning()));
}

export function reduce(_key: string, values: string[]): string {
  return values.sort().join(" ");
}

async function countRunning(): Promise<number> {
  const own = `${prefix}${process.pid}`;
  await writeFile(own, "");
  try {
    const files = (await readdir(".")).filter((file) => file.startsWith(prefix));
    const running = files.filter((file) => isAlive(Number(file.slice(prefix.length))));
    await sleep(1000);
    return running.length;
  } finally {
    await rm(own, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // A worker that was killed left its file behind.
  }
}
