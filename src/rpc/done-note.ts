/**
 * The note that a coordinator leaves in the runtime directory when its job is done, for workers that come a moment too late: a
 * socket that is gone looks the same after a job as before it.
 *
 *     mr-<uid>-<hash of the socket's path>.done   {"app":"…","args":{},"endedAtMs":1764510165123}
 *
 * The next coordinator at that socket removes the note, and each coordinator removes notes that no worker takes account of any
 * more. The note is a convenience: when it cannot be written or read, late workers wait as they would without.
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
import { ownUid } from "./own-uid.js";
import { runtimeDirectory, runtimePath } from "./runtime-directory.js";

const doneNote = v.object({
  /** SHA-256 of the app that the job ran. */
  app: v.string(),
  /** The `--arg` values of the job. */
  args: v.record(v.string(), v.string()),
  /** When it was done, in milliseconds since 1970. */
  endedAtMs: v.number(),
});

/** What is said of a job that is done. */
export type DoneNote = v.InferOutput<typeof doneNote>;

/** No worker takes account of an older note. */
const uselessAfterMs = 60_000;

/** Notes that the job of the coordinator at this socket is done. Never throws. */
export function writeDoneNote(socket: string, note: DoneNote): void {
  removeUselessNotes();
  removeDoneNote(socket);
  try {
    writeFileSync(pathOf(socket), JSON.stringify(note), { flag: "wx", mode: 0o600 });
  } catch {
    // Late workers wait then.
  }
}

/** Removes the note of the job before. To be called by the next coordinator at this socket. Never throws. */
export function removeDoneNote(socket: string): void {
  removeIfPossible(pathOf(socket));
}

/** Reads the note of the last job at this socket; undefined when there is none that can be read, or it is another user's. */
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
    return undefined; // There is none; or it is just being written.
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
    // They are in nobody's way.
  }
}

function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It is another user's, for example.
  }
}
