/**
 * What names of inputs stand for. A name that exists is taken as it is; otherwise it may be a pattern, whose files come in the
 * order of their names' bytes, as the shell gives them in the C locale. Of a directory, all files below it are taken, in
 * that order, too, except hidden ones: as in Hadoop, these are those whose names begin with `_` or `.`, such as the
 * `_SUCCESS` and the unfinished files of an earlier job.
 *
 * Links are followed. A file that several links in one directory or pattern lead to is one file. What is neither a file nor
 * a directory is passed over, and the caller is told.
 */
import { readdirSync, realpathSync, type Dirent } from "node:fs";
import { join } from "node:path";
import type { FileSystemAdapter } from "tinyglobby";
import { fsPath, nameOfBytes, bytesOfName, shownName } from "./file-name.js";
import { kindOf, lookAt } from "./files.js";
import { InputError } from "./input-error.js";

export interface Expanded {
  /** The names of the files, in the order of the names that stand for them. */
  readonly files: string[];
  /** What a pattern or a directory has that is no file: its name, and what it is. */
  readonly passedOver: string[];
}

/**
 * The files that the names stand for. Throws an InputError for a pattern without any, a directory without any, and what
 * cannot be looked into. Directories stay as they are unless they are to be looked into; so do names of what does not exist.
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
    `cannot read input ${shownName(name)}: there is no file in that directory (hidden ones are not taken)`,
  );
}

/** The files below a directory. Those that are reached without links come first: their names are the ones that count. */
class Tree {
  readonly #passedOver: string[];
  /** By where they really are. */
  readonly #files = new Map<string, string>();
  readonly #directories = new Set<string>();
  readonly #links: string[] = [];

  constructor(passedOver: string[]) {
    this.#passedOver = passedOver;
  }

  /** `real` is where the directory really is. */
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

/** What a name leads to, and what that is when it is neither a file nor a directory. */
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

/** With each name without loss. In the order of their bytes, so that links are followed in the same order everywhere. */
function entriesOf(directory: string): { readonly name: string; readonly entry: Dirent<Buffer> }[] {
  try {
    return readdirSync(fsPath(directory), { encoding: "buffer", withFileTypes: true })
      .sort((a, b) => Buffer.compare(a.name, b.name))
      .map((entry) => ({ name: nameOfBytes(entry.name), entry }));
  } catch (error) {
    throw new InputError(`cannot look into directory ${shownName(directory)}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function filesOfPattern(pattern: string, passedOver: string[]): Promise<string[]> {
  const { globSync, isDynamicPattern } = await import("tinyglobby");
  // What is no pattern after all is a name, and whoever looks at the file says that there is none.
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
    // The name without links counts, wherever it comes.
    if (other === undefined || partsInCommon(name, real) > partsInCommon(other, real)) found.set(real, name);
  }
  if (found.size > 0) return inByteOrder([...found.values()]);
  const rest = passed === 0 ? "" : ` (${passed === 1 ? "what matches is" : "those that match are"} no regular file)`;
  throw new InputError(`cannot read input ${shownName(pattern)}: no file matches, and none has that name${rest}`);
}

/** How many of the last parts of a name are those of where it really is: fewer when links are on the way. */
function partsInCommon(name: string, real: string): number {
  const [parts, realParts] = [name, real].map((path) => path.split("/").reverse()) as [string[], string[]];
  const at = parts.findIndex((part, index) => part !== realParts[index]);
  return at < 0 ? parts.length : at;
}

/**
 * The file system as `tinyglobby` is to see it: with names without loss, and without links. What a link leads to stands in
 * its place, except for a directory that the link itself is in; and whatever is no directory is a file.
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
      // Where a pattern begins there may be nothing, which is then said of the pattern.
      const { code } = (error as Error).cause as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "ENOTDIR" && code !== "ENAMETOOLONG") this.#problem ??= error;
      throw error;
    }
  };

  /** What stood in the way, if anything did: `tinyglobby` passes it over. */
  throwProblem(): void {
    if (this.#problem !== undefined) throw this.#problem as Error;
  }
}

/** Whether a link leads to a directory; undefined when it leads back to one that it is in. */
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
