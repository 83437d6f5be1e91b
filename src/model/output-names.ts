/**
 * The names that an app gives to its side files, and to the outputs that it writes with `ctx.output(name)`:
 * `country=AT/part-0.jsonl.gz` is what reduce task 0 wrote to the output `country=AT`. As in Hive, `column=value` names a partition, so DuckDB, Spark and pandas read such
 * directories as a table with that column.
 */

/** The names that an app may give to its side files: they become part of the file names below. */
export const sideNamePattern = /^(?=.{1,100}$)[\w-]+(\.[\w-]+)*$/;

/** The longest name of a directory, in UTF-8 bytes. File systems allow 255. */
const directoryBytesMax = 200;

/** What Hive escapes, and the characters that no file name or no other system may have. */
// eslint-disable-next-line no-control-regex -- Control characters are escaped.
const escaped = /[\x00-\x20\x7f"#%'*/:=?\\{}[\]^<>|.]/g;

/**
 * Returns the directory of an output: its name, in which all but letters, digits and some punctuation is escaped as `%`
 * and two hexadecimal digits. The first `=` stays. Throws a TypeError when there can be no such directory.
 */
export function directoryOfOutput(name: unknown): string {
  if (typeof name !== "string") throw new TypeError(`the name of an output must be a string, not ${typeof name}`);
  const shown = name.length <= 60 ? JSON.stringify(name) : `${JSON.stringify(name.slice(0, 60))}…`;
  if (name === "") throw new TypeError("the name of an output must not be empty");
  if (/\p{Surrogate}/u.test(name)) throw new TypeError(`the output name ${shown} has half of a surrogate pair`);
  if (/^mr-/i.test(name))
    throw new TypeError(`an output cannot be called ${shown}: the job's own files begin with mr-`);
  const equals = name.indexOf("=");
  const escape = (text: string) => text.replaceAll(escaped, percented);
  const directory = equals < 0 ? escape(name) : `${escape(name.slice(0, equals))}=${escape(name.slice(equals + 1))}`;
  if (isShort(directory)) return directory;
  throw new TypeError(
    `the output name ${shown} is too long: its directory would have more than ${directoryBytesMax} bytes`,
  );
}

function isShort(directory: string): boolean {
  // A UTF-16 unit takes at most three bytes.
  return directory.length * 3 <= directoryBytesMax || new TextEncoder().encode(directory).length <= directoryBytesMax;
}

function percented(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/** Name of the file that a reduce task writes to an output. */
export function namedOutputFile(directory: string, task: number, suffix: string): string {
  return `${directory}/part-${task}${suffix}`;
}

/** A name that `directoryOfOutput` returns, and then a file's. */
// eslint-disable-next-line no-control-regex -- Control characters are escaped.
const filePattern = /^(?!mr-|\.)[^\x00-\x20\x7f"#'*/:?\\{}[\]^<>|.]+\/part-\d+(?:\.[a-z0-9]+)*$/;

export function isNamedOutputFile(name: string): boolean {
  return filePattern.test(name);
}

/** Whether a directory of this name may belong to an output. */
export function isDirectoryOfOutput(directory: string): boolean {
  return isShort(directory) && isNamedOutputFile(namedOutputFile(directory, 0, ""));
}

/** The directory in the name of an output file; undefined for a file outside any directory. */
export function directoryIn(name: string): string | undefined {
  const end = name.indexOf("/");
  return end < 0 ? undefined : name.slice(0, end);
}
