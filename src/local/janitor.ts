import { spawn } from "node:child_process";
import { once } from "node:events";
import type { JobDirectory } from "../output/directory.js";
import { jobFilePattern } from "../output/names.js";

/**
 * When the janitor removes files, another job may have the directory, and its own lock. If the job was killed while
 * publishing, its files stay: the next job needs them to complete the publication. No job file's name contains a
 * character that `xargs` takes for a separator.
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

/** Starts a process that waits until this one has ended, in whatever way, and then removes a file or a directory. */
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
 * Starts a process that waits until this one has ended, in whatever way, and then removes the job's unfinished files,
 * the directories created for it, and the lock.
 *
 * `mr sequential` needs it: the user's code runs on its main thread, where an endless loop would prevent a SIGINT
 * handler from running. So it has no handler, Ctrl-C ends it at once, and the janitor cleans up. In a pipeline, `steps`
 * names the subdirectories to empty.
 *
 * Returns a function to call when nothing is left to clean up; it resolves when the janitor has gone.
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
  // The other end of the pipe closes with this process. The janitor must not keep this process from ending.
  janitor.unref();
  return async () => {
    janitor.ref();
    janitor.stdin.end("dismissed\n");
    await gone;
  };
}
