/**
 * Standard input as an input file: workers are other processes, and may read it more than once. So it is kept in a file
 * until this process ends, in $TMPDIR or else in /var/tmp, which is made for long files.
 */
import { randomBytes } from "node:crypto";
import { createWriteStream, rmSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { InputError } from "../input/input-error.js";
import { removeWhenGone } from "../local/janitor.js";

/** Reads standard input to its end, and returns the path of the file that it is in. Throws an InputError when it cannot. */
export async function keepStandardInput(): Promise<string> {
  const { TMPDIR = "" } = process.env;
  const directory = TMPDIR === "" ? "/var/tmp" : TMPDIR;
  const path = join(directory, `mr-stdin-${randomBytes(8).toString("hex")}`);
  removeWhenGone(path);
  process.once("exit", () => rmSync(path, { force: true }));
  try {
    await pipeline(process.stdin, createWriteStream(path, { flags: "wx", mode: 0o600 }));
  } catch (error) {
    throw new InputError(`cannot keep standard input in ${directory} (or $TMPDIR): ${(error as Error).message}`, {
      cause: error,
    });
  }
  return path;
}
