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
import { compressionOfName } from "./compression.js";
import type { Compression, Encoding } from "../model/input-kinds.js";
import { contentOf, type Content } from "./content.js";
import { fsPath, nameOfBytes, shownName, statsOf } from "../storage/file-name.js";
import { stateOf, type FileState } from "./file-state.js";
import { InputError } from "./input-error.js";

/** A readable regular input file, and its state when the job was planned. */
export interface InputFile extends FileState {
  /** The name as given, for display and for `map`: bytes that are not UTF-8 appear as `\xe9`. */
  readonly name: string;
  /** The input of the app that it was given for, as in `--input orders=FILE`; undefined for an app with one input. */
  readonly input?: string | undefined;
  /** Absolute, without symbolic links; see `storage/file-name.ts` for bytes that are not UTF-8. */
  readonly path: string;
  /** Undefined when it is not compressed. */
  readonly compression?: Compression | undefined;
  /** According to its byte order mark; undefined when it is UTF-8. */
  readonly encoding?: Encoding | undefined;
  /** Undefined when it may be text. */
  readonly binary?: BinaryFormat | undefined;
  /**
   * The file is a copy of an input that can be read only once, such as a pipe, and is deleted with the process that
   * made it.
   */
  readonly isCopy?: true;
}

/**
 * An input of unknown length, which perhaps can be read only once: a pipe, a descriptor of this process, or a kernel
 * file (/proc, /sys).
 */
export interface UnsizedInput {
  readonly name: string;
  readonly isUnsized: true;
  /** The descriptor that the name stands for, as `/dev/fd/3` does; undefined when it must be opened by name. */
  readonly descriptor: number | undefined;
  /** The same for all names of an input that can be read only once. */
  readonly identity: string | undefined;
}

/** The input that a file was given for, as a property to spread; empty for an app with one input. */
export function inputOf({ input }: Pick<InputFile, "input">): { input?: string } {
  return input === undefined ? {} : { input };
}

export type FoundInput = InputFile | UnsizedInput;

/**
 * Inspects every input. A file given twice is two inputs. Throws an InputError that names the first unreadable input,
 * and says how many more there are.
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

/** Like `lookAtInputs`, but rejects inputs of unknown length. */
export function findInputs(names: readonly string[]): InputFile[] {
  return lookAtInputs(names).map((input) => {
    if ("isUnsized" in input) throw new InputError(problemWith(input.name, new Error("it is not a regular file")));
    return input;
  });
}

/**
 * Inspects the file of this name; undefined when there is no such file. Throws an InputError when the system does not
 * say.
 */
export function lookAt(name: string): Stats | undefined {
  try {
    return statsOf(name);
  } catch (error) {
    throw new InputError(problemWith(name, error), { cause: error });
  }
}

/** Names the kind of something that is not a regular file, for display. */
export function kindOf(stats: Pick<Stats, "isDirectory" | "isFIFO" | "isSocket" | "isCharacterDevice">): string {
  if (stats.isDirectory()) return "a directory";
  if (stats.isFIFO()) return "a named pipe";
  if (stats.isSocket()) return "a socket";
  return stats.isCharacterDevice() ? "a character device" : "a block device";
}

function look(name: string): FoundInput {
  if (name.includes("\0")) {
    throw new Error("a name cannot contain a NUL character; use --inputs-from0 for a list of NUL-terminated names");
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
  // The file was removed but is still open here: shells pass here-documents in this way.
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

/** Undefined when the file does not report its length. */
function sizedState(descriptor: number): FileState | undefined {
  const hasContent = readSync(descriptor, Buffer.alloc(1), 0, 1, 0) > 0;
  // In this order: an empty log that is being written to then reports its new length.
  const stats = fstatSync(descriptor, { bigint: true });
  return hasContent && stats.size === 0n ? undefined : stateOf(descriptor, stats);
}

/** Undefined when the file has been unlinked. */
function realPathOf(name: string): string | undefined {
  try {
    return nameOfBytes(realpathSync.native(fsPath(name), "buffer"));
  } catch (error) {
    if (descriptorIn(name) === undefined) throw error;
    return undefined;
  }
}

/** The descriptor of this process that the name stands for, if any. */
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

/** Detects the contents by the first bytes. Throws an Error when the name indicates a different compression. */
function contentIn(name: string, descriptor: number): Content {
  const head = Buffer.alloc(headBytes);
  const content = contentOf(head.subarray(0, readSync(descriptor, head, 0, headBytes, 0)));
  const expected = compressionOfName(name);
  if (expected === undefined || content.compression === expected) return content;
  throw new Error(`it is not ${expected} data, although its name says so (is it damaged? if not, rename it)`);
}

function notAFile(name: string, stats: BigIntStats): string {
  return stats.isDirectory()
    ? `it is a directory; --recursive reads all files below it, and ${shownName(name).replace(/\/$/, "")}/* the files in it`
    : `it is not a regular file, but ${kindOf(stats)}`;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file: part of the path is not a directory",
  ENAMETOOLONG: "no such file: the name is too long",
  EACCES: "permission denied",
};

/** Says why the system rejects a file. */
export function reason(error: NodeJS.ErrnoException): string {
  return reasons[error.code ?? ""] ?? error.message;
}
