/**
 * The note that a coordinator leaves in the runtime directory when its job is done. It is for workers that arrive a
 * moment too late: a missing socket looks the same after a job as before it.
 *
 *     mr-<uid>-<hash of the socket's path>.done   {"app":"…","args":{},"endedAtMs":1764510165123}
 *
 * The next coordinator at that socket removes the note, and every coordinator removes notes too old for any worker to
 * use. The note is a convenience: if it cannot be written or read, late workers wait as they would without it.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import * as v from "valibot";
import { ownUid } from "../machine/process.js";
import { runtimeDirectory, runtimePath } from "../machine/runtime-directory.js";

const doneNote = v.object({
  /** SHA-256 of the app that the job ran. */
  app: v.string(),
  /** The `--arg` values of the job. */
  args: v.record(v.string(), v.string()),
  /** When the job was done, in milliseconds since 1970. */
  endedAtMs: v.number(),
});

export type DoneNote = v.InferOutput<typeof doneNote>;

/** Workers ignore notes older than this. */
const uselessAfterMs = 60_000;

/** Writes the note that the job of the coordinator at this socket is done. Never throws. */
export function writeDoneNote(socket: string, note: DoneNote): void {
  removeUselessNotes();
  removeDoneNote(socket);
  try {
    writeFileSync(pathOf(socket), JSON.stringify(note), { flag: "wx", mode: 0o600 });
  } catch {
    // Without the note, late workers wait.
  }
}

/** Removes the note of the previous job. The next coordinator at this socket calls it. Never throws. */
export function removeDoneNote(socket: string): void {
  removeIfPossible(pathOf(socket));
}

/**
 * Reads the note of the last job at this socket. Returns undefined if there is no readable note, or another user owns
 * it.
 */
export function readDoneNote(socket: string): DoneNote | undefined {
  try {
    const descriptor = openSync(pathOf(socket), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(descriptor);
      if (!stats.isFile() || stats.uid !== ownUid()) return undefined;
      const parsed = v.safeParse(doneNote, JSON.parse(readFileSync(descriptor, "utf8")));
      return parsed.success ? parsed.output : undefined;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined; // The note does not exist, or is being written.
  }
}

function pathOf(socket: string): string {
  return runtimePath(`-${createHash("sha256").update(resolve(socket)).digest("hex").slice(0, 16)}.done`);
}

function removeUselessNotes(): void {
  const begin = basename(runtimePath("-"));
  const isNote = (name: string) => name.startsWith(begin) && /^[0-9a-f]{16}\.done$/.test(name.slice(begin.length));
  try {
    for (const name of readdirSync(runtimeDirectory()).filter(isNote)) {
      const path = join(runtimeDirectory(), name);
      if (Date.now() - statSync(path).mtimeMs > uselessAfterMs) removeIfPossible(path);
    }
  } catch {
    // Leftover notes do no harm.
  }
}

function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // For example, because another user owns it.
  }
}
