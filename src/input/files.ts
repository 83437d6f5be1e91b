import { closeSync, openSync, readSync, realpathSync, statSync, type Stats } from "node:fs";
import { compressionOf, compressionOfName, magicBytes, type Compression } from "./compression.js";
import { InputError } from "./input-error.js";
import { statsOf } from "./stats-of.js";

/** An input file that was seen to be there, regular and readable. */
export interface InputFile {
  /** The name as given: the key that `map` sees. */
  readonly name: string;
  /** Absolute, without symbolic links. */
  readonly path: string;
  readonly sizeBytes: number;
  /** When it was last changed, in milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Undefined when it is not compressed. */
  readonly compression?: Compression | undefined;
}

/**
 * Looks at every input. A file given twice is two inputs. Throws an InputError that names the first one that cannot be
 * read, and how many more there are.
 */
export function findInputs(names: readonly string[]): InputFile[] {
  const problems: string[] = [];
  const files = names.flatMap((name) => {
    try {
      const stats = statSync(name);
      if (!stats.isFile()) throw new Error(notAFile(name, stats));
      const compression = compressionIn(name);
      return [{ name, path: realpathSync(name), sizeBytes: stats.size, modifiedMs: stats.mtimeMs, compression }];
    } catch (error) {
      problems.push(problemWith(name, error));
      return [];
    }
  });
  const [first, ...others] = problems;
  if (first === undefined) return files;
  throw new InputError(others.length === 0 ? first : `${first} (and ${others.length} more inputs cannot be read)`);
}

/** What has this name; undefined when nothing has. Throws an InputError when the system does not say. */
export function lookAt(name: string): Stats | undefined {
  try {
    return statsOf(name);
  } catch (error) {
    throw new InputError(problemWith(name, error), { cause: error });
  }
}

function problemWith(name: string, error: unknown): string {
  return `cannot read input ${name === "" ? '""' : name}: ${reason(error as NodeJS.ErrnoException)}`;
}

/** How the file is compressed, by its first bytes. Throws an Error when its name says something else. */
function compressionIn(name: string): Compression | undefined {
  const descriptor = openSync(name, "r");
  try {
    const first = Buffer.alloc(magicBytes);
    const found = compressionOf(first.subarray(0, readSync(descriptor, first, 0, magicBytes, 0)));
    const expected = compressionOfName(name);
    if (expected === undefined || found === expected) return found;
    throw new Error(
      `it is not what ${expected} writes, as its name says (is it damaged? if not, give it another name)`,
    );
  } finally {
    closeSync(descriptor);
  }
}

function notAFile(name: string, stats: Stats): string {
  return stats.isDirectory()
    ? `it is a directory; --recursive takes all files below it, and ${name.replace(/\/$/, "")}/* those in it`
    : "it is not a regular file";
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
