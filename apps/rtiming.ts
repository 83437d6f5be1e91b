/**
 * Shows whether reduce tasks run in parallel: a test app, after the one of the MIT 6.5840 lab.
 *
 *     mr-coordinator data/pg-*.txt & mr-worker rtiming & mr-worker rtiming
 *
 * There are ten keys. Each reduce leaves a file named after its process in the current directory for a second, and
 * returns how many processes have one: how many reduces ran, itself included.
 */
import { readdir, rm, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { MapContext } from "mapreduce-ts";

const prefix = "running-reduce-";

export function map(_filename: string, _contents: string, ctx: MapContext<string>): void {
  for (const key of "abcdefghij") ctx.emit(key, "1");
}

export async function reduce(): Promise<string> {
  return String(await countRunning());
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
