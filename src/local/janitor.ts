import { spawn } from "node:child_process";
import { once } from "node:events";
import type { JobDirectory } from "../output/directory.js";
import { jobFilePattern } from "../output/names.js";

/**
 * By the time the janitor removes files, another job may have the directory, and a lock of its own. The files of a job that
 * was killed while it published its output stay: the next job needs them to complete it. No name of a job's file contains
 * what `xargs` would take for the end of a name.
 */
const script = `
trap "" INT TERM HUP
read -r dismissed && exit 0
rm -f "$1"/.mr-tmp-"$2"-*
[ -e "$1/.mr-publish" ] || rm -f "$1"/.mr-new-"$2"-*
for step in $6; do
  cd "$1/$step" && ls -A | LC_ALL=C grep -E "$5" | xargs rm -f
  cd / && rmdir "$1/$step"
done
[ "$(ls -i "$3" | cut -d " " -f 1)" = "$4" ] && rm -f "$3"
shift 6
rmdir "$@"
exit 0
`;

/** Starts a process that waits for this one to end, however that happens, and then removes a file or a directory. */
export function removeWhenGone(path: string): void {
  const waiting = `trap "" INT TERM HUP; read -r never; rm -rf "$1"`;
  const janitor = spawn("/bin/sh", ["-c", waiting, "mr-janitor", path], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  // It must not keep this process from ending.
  janitor.unref();
}

/**
 * Starts a process that waits for this one to end, however that happens, and then removes the job's unfinished files, the
 * directories that were made for it, and the lock.
 *
 * `mr sequential` needs it: the user's code runs on its main thread, where an endless loop would keep a handler of SIGINT
 * from ever being called. So it has none, Ctrl-C ends it at once, and somebody else tidies up. In a pipeline, `steps` are
 * the names of the directories in it that are to be emptied.
 *
 * Returns the function to call when there is nothing to tidy up any more; it resolves when the janitor has gone.
 */
export function hireJanitor(
  directory: JobDirectory,
  jobId: string,
  steps: readonly string[] = [],
): () => Promise<void> {
  const { lock, lockInode, made } = directory.traces;
  const args = [directory.path, jobId, lock, lockInode, jobFilePattern, steps.join(" "), ...made];
  const janitor = spawn("/bin/sh", ["-c", script, "mr-janitor", ...args], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  const gone = once(janitor, "exit");
  // The pipe's other end closes with this process. It must not keep the process from ending.
  janitor.unref();
  return async () => {
    janitor.ref();
    janitor.stdin.end("dismissed\n");
    await gone;
  };
}
