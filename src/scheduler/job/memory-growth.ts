/** What the log says about the memory of a worker that died. */
import type { Slot } from "./job.js";

/** A worker that grew less was hardly killed for its memory. */
const grownBytesMin = 128 * 2 ** 20;

/**
 * Describes how much a worker grew in its attempt, by its last heartbeat. The system may have killed it for that. Empty
 * when it grew little.
 */
export function growthText({ running, memoryBytes }: Slot): string {
  if (running === undefined) return "";
  const { job, task, attempt } = running;
  const { settings, app } = job;
  const { memoryBytesBefore: before, records, bytes } = attempt;
  if (before === 0 || memoryBytes - before < grownBytesMin) return "";
  const [split, ...others] = task.splits ?? [];
  const isAtByte = split !== undefined && others.length === 0 && app?.input !== "own";
  const place = isAtByte ? `, near byte ${(split.contents ?? split).startBytes + bytes} of ${split.file}` : "";
  const what = task.kind === "map" ? "records" : "values";
  const pairs =
    task.kind === "map" ? `, of which the engine's pairs may take ${inMebibytes(settings.collectorBytes)}` : "";
  return (
    `; when last heard, it had done ${records} ${what} in this attempt${place}, ` +
    `and its process had grown from ${inMebibytes(before)} to ${inMebibytes(memoryBytes)}${pairs}`
  );
}

function inMebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
