import { readFileSync } from "node:fs";

/**
 * Returns how many files this process may open (`ulimit -n`; Node.js raises the soft limit to the hard one at startup),
 * or Infinity if the system does not say. `limitsPath` is a file in the format of proc(5).
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

/**
 * The id of this process's effective user. `os.userInfo` throws for a user without a name, which is common in
 * containers.
 */
export function ownUid(): number {
  return process.geteuid?.() ?? -1;
}
