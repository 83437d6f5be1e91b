import {
  closeSync,
  fstatSync,
  openSync,
  readSync,
  realpathSync,
  statSync,
  type BigIntStats,
  type Stats,
} from "node:fs";
import { headBytes, type BinaryFormat } from "./binary-format.js";
import { compressionOfName, type Compression } from "./compression.js";
import { contentOf, type Content } from "./content.js";
import { fsPath, nameOfBytes, shownName } from "./file-name.js";
import { stateOf, type FileState } from "./file-state.js";
import { InputError } from "./input-error.js";
import { statsOf } from "./stats-of.js";
import type { Encoding } from "./text-encoding.js";

/** A regular input file that can be read, and its state when the job was planned. */
export interface InputFile extends FileState {
  /** The name as given, for people and for `map`: bytes that are not UTF-8 are shown as `\xe9`. */
  readonly name: string;
  /** Absolute, without symbolic links; see `file-name.ts` for bytes that are not UTF-8. */
  readonly path: string;
  /** Undefined when it is not compressed. */
  readonly compression?: Compression | undefined;
  /** As its byte order mark says; undefined when it is UTF-8. */
  readonly encoding?: Encoding | undefined;
  /** Undefined when it may be text. */
  readonly binary?: BinaryFormat | undefined;
  /** It is a copy of what can be read only once, such as a pipe, and goes with the process that made it. */
  readonly isCopy?: true;
}

/**
 * An input that does not say how long it is, and perhaps can be read only once: a pipe, what stands behind a descriptor of
 * this process, or a file of the kernel's (/proc, /sys).
 */
export interface UnsizedInput {
  readonly name: string;
  readonly isUnsized: true;
  /** The descriptor that the name stands for, as `/dev/fd/3` does; undefined when it is to be opened by its name. */
  readonly descriptor: number | undefined;
  /** What is the same for all names of what can be read only once. */
  readonly identity: string | undefined;
}

export type FoundInput = InputFile | UnsizedInput;

/**
 * Looks at every input. A file given twice is two inputs. Throws an InputError that names the first one that cannot be
 * read, and how many more there are.
 */
export function lookAtInputs(names: readonly string[]): FoundInput[] {
  const problems: string[] = [];
  const found = names.flatMap((name) => {
    try {
      return [look(name)];
    } catch (error) {
      problems.push(problemWith(name, error));
      return [];
    }
  });
  const [first, ...others] = problems;
  if (first === undefined) return found;
  throw new InputError(others.length === 0 ? first : `${first} (and ${others.length} more inputs cannot be read)`);
}

/** As `lookAtInputs`, for files that are of a certain length. */
export function findInputs(names: readonly string[]): InputFile[] {
  return lookAtInputs(names).map((input) => {
    if ("isUnsized" in input) throw new InputError(problemWith(input.name, new Error("it is not a regular file")));
    return input;
  });
}

/** What has this name; undefined when nothing has. Throws an InputError when the system does not say. */
export function lookAt(name: string): Stats | undefined {
  try {
    return statsOf(name);
  } catch (error) {
    throw new InputError(problemWith(name, error), { cause: error });
  }
}

/** What is there that is no regular file, for people. */
export function kindOf(stats: Pick<Stats, "isDirectory" | "isFIFO" | "isSocket" | "isCharacterDevice">): string {
  if (stats.isDirectory()) return "a directory";
  if (stats.isFIFO()) return "a named pipe";
  if (stats.isSocket()) return "a socket";
  return stats.isCharacterDevice() ? "a character device" : "a block device";
}

function look(name: string): FoundInput {
  if (name.includes("\0")) {
    throw new Error("a name has no NUL character in it; a list of names that end with one is read with --inputs-from0");
  }
  const stats = statSync(fsPath(name), { bigint: true });
  const descriptor = descriptorIn(name);
  const identity = `${stats.dev}:${stats.ino}`;
  if (stats.isFIFO()) return { name: shownName(name), isUnsized: true, descriptor, identity };
  if (!stats.isFile()) {
    if (descriptor === undefined || stats.isDirectory()) throw new Error(notAFile(name, stats));
    return { name: shownName(name), isUnsized: true, descriptor, identity };
  }
  const path = realPathOf(name);
  // A file that was removed and is still open here, as a shell gives a here-document.
  if (path === undefined) return { name: shownName(name), isUnsized: true, descriptor, identity };
  const opened = openSync(fsPath(name), "r");
  try {
    const content = contentIn(name, opened);
    const state = sizedState(opened);
    if (state === undefined) return { name: shownName(name), isUnsized: true, descriptor, identity: undefined };
    return { name: shownName(name), path, ...state, ...content };
  } finally {
    closeSync(opened);
  }
}

/** Undefined when the file does not say how long it is. */
function sizedState(descriptor: number): FileState | undefined {
  const hasContent = readSync(descriptor, Buffer.alloc(1), 0, 1, 0) > 0;
  // In this order: an empty log may be written to just now, and says so then.
  const stats = fstatSync(descriptor, { bigint: true });
  return hasContent && stats.size === 0n ? undefined : stateOf(descriptor, stats);
}

/** Undefined when the file has no name any more. */
function realPathOf(name: string): string | undefined {
  try {
    return nameOfBytes(realpathSync.native(fsPath(name), "buffer"));
  } catch (error) {
    if (descriptorIn(name) === undefined) throw error;
    return undefined;
  }
}

/** The descriptor of this process that the name stands for, if it does. */
function descriptorIn(name: string): number | undefined {
  if (name === "/dev/stdin") return 0;
  const found = /^\/(?:dev|proc\/(?:self|(?<pid>\d+)))\/fd\/(?<descriptor>\d+)$/.exec(name)?.groups;
  if (found === undefined || (found["pid"] !== undefined && Number(found["pid"]) !== process.pid)) return undefined;
  return Number(found["descriptor"]);
}

function problemWith(name: string, error: unknown): string {
  const shown = shownName(name).replaceAll("\0", "\\0");
  return `cannot read input ${name === "" ? '""' : shown}: ${reason(error as NodeJS.ErrnoException)}`;
}

/** What the file holds, by its first bytes. Throws an Error when its name says that it is compressed in another way. */
function contentIn(name: string, descriptor: number): Content {
  const head = Buffer.alloc(headBytes);
  const content = contentOf(head.subarray(0, readSync(descriptor, head, 0, headBytes, 0)));
  const expected = compressionOfName(name);
  if (expected === undefined || content.compression === expected) return content;
  throw new Error(`it is not what ${expected} writes, as its name says (is it damaged? if not, give it another name)`);
}

function notAFile(name: string, stats: BigIntStats): string {
  return stats.isDirectory()
    ? `it is a directory; --recursive takes all files below it, and ${shownName(name).replace(/\/$/, "")}/* those in it`
    : `it is not a regular file, but ${kindOf(stats)}`;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file, as a part of the path is not a directory",
  ENAMETOOLONG: "no such file, as the name is too long for one",
  EACCES: "permission denied",
};

/** Why the system refuses a file. */
export function reason(error: NodeJS.ErrnoException): string {
  return reasons[error.code ?? ""] ?? error.message;
}
