import { readdir, rm, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Leaves a file named after its process (`prefix` and the process id) in the current directory for a second, and returns
 * how many processes that live have one, its own included. For the apps that test parallelism.
 */
export async function countRunning(prefix: string): Promise<number> {
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
