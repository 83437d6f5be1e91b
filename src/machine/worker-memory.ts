/** Divides the memory that one worker process may use (`--worker-memory`) between the app and the engine. */
import { collectorBytesOf, mebibytes } from "./budget.js";

const MiB = 2 ** 20;

/** The code, the heap of the main thread, the young generation of the app's heap, and blocks of input and output. */
const fixedBytes = 120 * MiB;
/** With a smaller heap, V8 cannot even load an app in TypeScript. */
const heapBytesMin = 32 * MiB;
/** V8 lets Buffers that are garbage grow to half the size of the heap before it collects them. */
const heapShare = 2 / 3;
/** The pairs take this share by default: an app that keeps data needs more memory than the engine. */
const collectorShare = 1 / 4;
/** When a heap that does not shrink takes this share between two attempts, little is left for the next one. */
const keptShareMax = 1 / 2;
/** A process that has run no task yet. */
const idleBytes = 56 * MiB;

/** The smallest limit with which a worker can run. */
export const workerMemoryBytesMin = fixedBytes + heapBytesMin / heapShare / (1 - collectorShare);

/** The memory of one worker process, in bytes. */
export interface WorkerMemory {
  /** The limit of the process (resident set). */
  readonly limitBytes: number;
  /** The limit of the pairs of a map task (`--memory`). */
  readonly collectorBytes: number;
  /** The limit of the old generation of the app's heap. */
  readonly heapBytes: number;
  /** When the app keeps more than this between two attempts, its thread is replaced. */
  readonly keptBytesMax: number;
}

/** Divides `limitBytes`. The heap and the Buffers of the app get what the pairs leave; `collectorBytes` is their part, if it is known. */
export function workerMemory(limitBytes: number, collectorBytes = collectorBytesWithin(limitBytes)): WorkerMemory {
  const heapBytes = Math.floor((limitBytes - fixedBytes - collectorBytes) * heapShare);
  return { limitBytes, collectorBytes, heapBytes, keptBytesMax: Math.floor(heapBytes * keptShareMax) };
}

/** How much memory the pairs of a map task take by default in a worker with this limit. */
export function collectorBytesWithin(limitBytes: number): number {
  return collectorBytesOf(Math.floor((limitBytes - fixedBytes) * collectorShare));
}

/** Why a given `--memory` does not fit into a worker with this limit; undefined when it does. */
export function collectorProblem(limitBytes: number, collectorBytes: number): string | undefined {
  const mostBytes = limitBytes - fixedBytes - heapBytesMin / heapShare;
  if (collectorBytes <= mostBytes) return undefined;
  return (
    `--memory ${mebibytes(collectorBytes)} does not fit into --worker-memory ${mebibytes(limitBytes)}, ` +
    `in which pairs may take up to ${mebibytes(mostBytes)}: make --memory smaller, or leave it out`
  );
}

/** Whether a process of this size may hold an app that keeps too much between two attempts. */
export function mayKeepTooMuch({ keptBytesMax }: WorkerMemory, processBytes: number): boolean {
  return processBytes > idleBytes + keptBytesMax;
}

/** The resource limits of the thread that runs the app. */
export function heapLimits({ heapBytes }: WorkerMemory): {
  readonly maxOldGenerationSizeMb: number;
  readonly maxYoungGenerationSizeMb: number;
} {
  return { maxOldGenerationSizeMb: heapBytes / MiB, maxYoungGenerationSizeMb: youngGenerationMb };
}

/** Part of `fixedBytes`. The default of Node.js, 48, is more than a small worker has to spare. */
const youngGenerationMb = 24;
