/**
 * Waits 50 ms for each line, as for a server's answer, with 20 lines in flight:
 *
 *     mr run bench/apps/await.js lines.txt
 */
import { setTimeout as delay } from "node:timers/promises";

export const input = "lines";
export const concurrency = 20;

export async function map(_filename, line, ctx) {
  await delay(50);
  ctx.emit(line, 1);
}

export function reduce(_line, counts) {
  return counts.length;
}
