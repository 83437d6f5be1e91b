/**
 * What names of inputs stand for. A name that there is is taken as it is; else it may be a pattern, whose files come in the
 * order of their names' bytes, as the shell would give them in the C locale. Of a directory all files below it are taken, in
 * that order, too, but for hidden ones: as in Hadoop these are those whose names begin with `_` or `.`, such as the
 * `_SUCCESS` and the unfinished files of an earlier job.
 */
import { readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { lookAt } from "./files.js";
import { InputError } from "./input-error.js";

/**
 * The files that the names stand for, in the order of the names. Throws an InputError for a pattern without any, a directory
 * without any, and what cannot be looked into. Directories stay as they are unless they are to be looked into; so do
 * names of what there is not.
 */
export async function expandNames(names: readonly string[], { recursive }: { recursive: boolean }): Promise<string[]> {
  const expanded: string[] = [];
  for (const name of names) {
    const stats = lookAt(name);
    if (stats?.isDirectory() === true && recursive) expanded.push(...filesBelow(name));
    else if (stats === undefined && /[*?[{(!]/.test(name)) expanded.push(...(await filesOfPattern(name)));
    else expanded.push(name);
  }
  return expanded;
}

function filesBelow(name: string): string[] {
  const found = [...walk(name, [])];
  if (found.length > 0) return found;
  throw new InputError(`cannot read input ${name}: there is no file in that directory (hidden ones are not taken)`);
}

/** `above` are the directories on the way here, as they really are: a link may lead back to one of them. */
function* walk(directory: string, above: readonly string[]): Generator<string> {
  const real = realpathSync(directory);
  if (above.includes(real)) return;
  for (const entry of inByteOrder(entriesOf(directory))) {
    if (/^[._]/.test(entry)) continue;
    const path = join(directory, entry);
    if (lookAt(path)?.isDirectory() === true) yield* walk(path, [...above, real]);
    else yield path;
  }
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    throw new InputError(`cannot look into directory ${directory}: ${(error as Error).message}`, { cause: error });
  }
}

async function filesOfPattern(pattern: string): Promise<string[]> {
  const { globSync, isDynamicPattern } = await import("tinyglobby");
  // What is no pattern after all is a name, and whoever looks at the file says that there is none.
  if (!isDynamicPattern(pattern)) return [pattern];
  const found = globSync(pattern, { absolute: pattern.startsWith("/"), expandDirectories: false });
  if (found.length === 0) throw new InputError(`cannot read input ${pattern}: no file matches, and none has that name`);
  const prefix = pattern.startsWith("./") ? "./" : "";
  return inByteOrder(found.map((name) => prefix + name));
}

function inByteOrder(names: readonly string[]): string[] {
  return names
    .map((name) => Buffer.from(name))
    .sort((a, b) => Buffer.compare(a, b))
    .map((bytes) => bytes.toString());
}
