/**
 * Expands the names of inputs. A name that exists is taken literally. Otherwise it may be a pattern, whose matches are
 * ordered by the bytes of their names, as the shell orders them in the C locale. A directory stands for all files below
 * it, in the same order, except hidden ones. As in Hadoop, hidden names begin with `_` or `.`, such as the `_SUCCESS`
 * and the unfinished files of an earlier job.
 *
 * Links are followed. Several links in one directory or pattern to the same file count as one file. Anything that is
 * neither a file nor a directory is skipped and reported to the caller.
 */
import { readdirSync, realpathSync, type Dirent } from "node:fs";
import { join } from "node:path";
import type { FileSystemAdapter } from "tinyglobby";
import { fsPath, nameOfBytes, bytesOfName, shownName } from "../storage/file-name.js";
import { kindOf, lookAt } from "./files.js";
import { InputError } from "./input-error.js";

export interface Expanded {
  /** The names of the files, in the order of the names that stand for them. */
  readonly files: string[];
  /** The matches of a pattern or entries of a directory that are not files, with their kind. */
  readonly passedOver: string[];
}

/** How many names `passedOverText` lists. */
const shownMax = 3;

/** The name of an input, or a pattern, as the user wrote it. */
export interface InputName {
  readonly name: string;
  /** The input of the app that it is for, if the app declares several. */
  readonly input?: string | undefined;
}

/** Like `expandNames`; each file is for the same input of the app as the name that stands for it. */
export async function expandInputNames(
  names: readonly InputName[],
  options: { readonly recursive: boolean },
): Promise<{ readonly files: readonly InputName[]; readonly passedOver: readonly string[] }> {
  const files: InputName[] = [];
  const passedOver: string[] = [];
  for (const { name, input } of names) {
    const expanded = await expandNames([name], options);
    files.push(...expanded.files.map((file) => ({ name: file, input })));
    passedOver.push(...expanded.passedOver);
  }
  return { files, passedOver };
}

/** Says which entries were passed over, of which there is at least one. */
export function passedOverText(names: readonly string[]): string {
  const more = names.length > shownMax ? `, and ${names.length - shownMax} more` : "";
  const count = names.length === 1 ? "1 entry that is not a file" : `${names.length} entries that are not files`;
  return `passed over ${count}: ${names.slice(0, shownMax).join(", ")}${more}`;
}

/**
 * Expands the names to files. Throws an InputError for a pattern or directory without files, and for an unreadable
 * directory. Directories stay unchanged unless `recursive` is set, and so do names that do not exist.
 */
export async function expandNames(names: readonly string[], { recursive }: { recursive: boolean }): Promise<Expanded> {
  const files: string[] = [];
  const passedOver: string[] = [];
  for (const name of names) {
    const stats = lookAt(name);
    if (stats?.isDirectory() === true && recursive) files.push(...filesBelow(name, passedOver));
    else if (stats === undefined && /[*?[{(!]/.test(name)) files.push(...(await filesOfPattern(name, passedOver)));
    else files.push(name);
  }
  return { files, passedOver };
}

function filesBelow(name: string, passedOver: string[]): string[] {
  const tree = new Tree(passedOver);
  tree.walk(name, realPath(name));
  const found = tree.files();
  if (found.length > 0) return found;
  throw new InputError(
    `cannot read input ${shownName(name)}: there is no file in that directory (hidden files are skipped)`,
  );
}

/** The files below a directory. For a file reached in several ways, the name without links takes precedence. */
class Tree {
  readonly #passedOver: string[];
  /** By their real paths. */
  readonly #files = new Map<string, string>();
  readonly #directories = new Set<string>();
  readonly #links: string[] = [];

  constructor(passedOver: string[]) {
    this.#passedOver = passedOver;
  }

  /** `real` is the real path of the directory. */
  walk(directory: string, real: string): void {
    this.#enter(directory, real);
    for (let link = this.#links.shift(); link !== undefined; link = this.#links.shift()) this.#follow(link);
  }

  /** In the order of the entries of each directory. */
  files(): string[] {
    return [...this.#files.values()]
      .map((name) => ({ name, parts: name.split("/").map(bytesOfName) }))
      .sort((a, b) => compareParts(a.parts, b.parts))
      .map(({ name }) => name);
  }

  #enter(directory: string, real: string): void {
    if (this.#directories.has(real)) return;
    this.#directories.add(real);
    for (const { name, entry } of entriesOf(directory)) {
      if (/^[._]/.test(name)) continue;
      const path = join(directory, name);
      if (entry.isDirectory()) this.#enter(path, join(real, name));
      else if (entry.isFile()) this.#files.set(join(real, name), path);
      else if (entry.isSymbolicLink()) this.#links.push(path);
      else this.#passedOver.push(`${shownName(path)} (${kindOf(entry)})`);
    }
  }

  #follow(link: string): void {
    const { stats, isSpecial } = behind(link);
    if (stats === undefined || isSpecial !== undefined) {
      this.#passedOver.push(`${shownName(link)} (${isSpecial ?? "a link that leads nowhere"})`);
      return;
    }
    const real = realPath(link);
    if (stats.isDirectory()) this.#enter(link, real);
    else if (!this.#files.has(real)) this.#files.set(real, link);
  }
}

/** Returns the target of a name, and its kind when it is neither a file nor a directory. */
function behind(name: string) {
  try {
    const stats = lookAt(name);
    const isPlain = stats === undefined || stats.isFile() || stats.isDirectory();
    return { stats, isSpecial: isPlain ? undefined : kindOf(stats) };
  } catch (error) {
    if (!isLoop(error)) throw error;
    return { stats: undefined, isSpecial: "a link that leads to itself" };
  }
}

function isLoop(error: unknown): boolean {
  return error instanceof InputError && (error.cause as NodeJS.ErrnoException | undefined)?.code === "ELOOP";
}

/** Reads the entries with lossless names, in byte order, so that links are followed in the same order everywhere. */
function entriesOf(directory: string): { readonly name: string; readonly entry: Dirent<Buffer> }[] {
  try {
    return readdirSync(fsPath(directory), { encoding: "buffer", withFileTypes: true })
      .sort((a, b) => Buffer.compare(a.name, b.name))
      .map((entry) => ({ name: nameOfBytes(entry.name), entry }));
  } catch (error) {
    throw new InputError(`cannot read directory ${shownName(directory)}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function filesOfPattern(pattern: string, passedOver: string[]): Promise<string[]> {
  const { globSync, isDynamicPattern } = await import("tinyglobby");
  // A name that is not a pattern stays a name; opening it will report that it does not exist.
  if (!isDynamicPattern(pattern)) return [pattern];
  const walked = new PatternFileSystem();
  const matching = globSync(pattern, {
    absolute: pattern.startsWith("/"),
    expandDirectories: false,
    fs: walked as unknown as FileSystemAdapter,
  });
  walked.throwProblem();
  const prefix = pattern.startsWith("./") ? "./" : "";
  const found = new Map<string, string>();
  let passed = 0;
  for (const name of inByteOrder(matching.map((name) => prefix + name))) {
    const { stats, isSpecial } = behind(name);
    if (stats?.isFile() !== true) {
      passedOver.push(`${shownName(name)} (${isSpecial ?? "a link that leads nowhere"})`);
      passed += 1;
      continue;
    }
    const real = realPath(name);
    const other = found.get(real);
    // The name without links takes precedence, in whatever order they come.
    if (other === undefined || partsInCommon(name, real) > partsInCommon(other, real)) found.set(real, name);
  }
  if (found.size > 0) return inByteOrder([...found.values()]);
  const rest =
    passed === 0 ? "" : ` (${passed === 1 ? "the match is not a regular file" : "the matches are not regular files"})`;
  throw new InputError(`cannot read input ${shownName(pattern)}: no file matches, and none has that name${rest}`);
}

/** The number of last parts that a name shares with its real path: fewer when links are on the way. */
function partsInCommon(name: string, real: string): number {
  const [parts, realParts] = [name, real].map((path) => path.split("/").reverse()) as [string[], string[]];
  const at = parts.findIndex((part, index) => part !== realParts[index]);
  return at < 0 ? parts.length : at;
}

/**
 * The file system that `tinyglobby` sees: with lossless names, and without links. Each link is replaced by its target,
 * unless the target is a directory that contains the link. Everything that is not a directory appears as a file.
 */
class PatternFileSystem {
  #problem: unknown;

  readonly readdirSync = (directory: string): object[] => {
    try {
      return entriesOf(directory).map(({ name, entry }) => {
        const path = join(directory, name);
        const isDirectory = entry.isSymbolicLink() ? isOtherDirectory(path, directory) : entry.isDirectory();
        return {
          name,
          isDirectory: () => isDirectory === true,
          isFile: () => isDirectory === false,
          isSymbolicLink: () => false,
        };
      });
    } catch (error) {
      // The directory where a pattern begins may not exist; that is reported about the pattern.
      const { code } = (error as Error).cause as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "ENOTDIR" && code !== "ENAMETOOLONG") this.#problem ??= error;
      throw error;
    }
  };

  /** Throws the error that occurred, if any: `tinyglobby` ignores it. */
  throwProblem(): void {
    if (this.#problem !== undefined) throw this.#problem as Error;
  }
}

/** Whether a link leads to a directory; undefined when it leads to a directory that contains it. */
function isOtherDirectory(link: string, directory: string): boolean | undefined {
  if (behind(link).stats?.isDirectory() !== true) return false;
  const [target, from] = [realPath(link), realPath(directory)];
  return target === from || from.startsWith(target === "/" ? target : `${target}/`) ? undefined : true;
}

function realPath(name: string): string {
  return nameOfBytes(realpathSync.native(fsPath(name), "buffer"));
}

function inByteOrder(names: readonly string[]): string[] {
  return names
    .map((name) => ({ name, bytes: bytesOfName(name) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ name }) => name);
}

function compareParts(a: readonly Buffer[], b: readonly Buffer[]): number {
  for (const [index, part] of a.entries()) {
    const other = b[index];
    const order = other === undefined ? 1 : Buffer.compare(part, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
