import { randomFillSync } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { median } from "../measure/statistics.js";
import { runCommand } from "../measure/run-command.js";

const [diskBytes, startRuns] = [256 * 2 ** 20, 10] as const;

/** What the times depend on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly node: string;
  /** How long Node takes to start and to end, in seconds. */
  readonly nodeStartSeconds: number;
  /** How fast 256 MiB can be written to the disk and flushed, in bytes per second. */
  readonly diskBytesPerSecond: number;
}

/** Describes this machine and measures what no single program determines. */
export async function describeMachine(
  directory: string,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Machine> {
  const starts: number[] = [];
  for (let run = 0; run < startRuns; run++) {
    const { seconds } = await runCommand("node -e 0", { directory, environment, signal, timeoutMs: 60_000 });
    starts.push(seconds);
  }
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    nodeStartSeconds: median(starts),
    diskBytesPerSecond: await measureDisk(directory),
  };
}

async function measureDisk(directory: string): Promise<number> {
  const path = join(directory, "disk");
  const block = randomFillSync(new Uint8Array(2 ** 20));
  const file = await open(path, "w");
  try {
    const begin = performance.now();
    for (let written = 0; written < diskBytes; written += block.length) await file.appendFile(block);
    await file.sync();
    return diskBytes / ((performance.now() - begin) / 1000);
  } finally {
    await file.close();
    await rm(path);
  }
}
