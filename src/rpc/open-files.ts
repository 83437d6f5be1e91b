import { readFileSync } from "node:fs";

/**
 * How many files this process may have open (`ulimit -n`; Node.js raises the soft limit to the hard one as it starts).
 * Infinity where the system does not tell. `limitsPath` is the file of proc(5) that says it.
 */
export function openFilesMax(limitsPath = "/proc/self/limits"): number {
  let text: string;
  try {
    text = readFileSync(limitsPath, "utf8");
  } catch {
    return Infinity; // not Linux
  }
  const soft = /^Max open files +(\d+)/mu.exec(text)?.[1];
  return soft === undefined ? Infinity : Number(soft);
}
