/**
 * Standard input as an input file: workers are other processes, and may read it more than once. So this process keeps it in a
 * file until it ends, in $TMPDIR, or else in /var/tmp, which is made for long files, or else in /tmp.
 */
import { randomBytes } from "node:crypto";
import { createWriteStream, rmSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { InputError } from "../input/input-error.js";
import { removeWhenGone } from "../local/janitor.js";
import { isWritableDirectory } from "../rpc/runtime-directory.js";

const usual = "/var/tmp";

/** Reads standard input to its end, and returns the path of the file that it is in. Throws an InputError when it cannot. */
export async function keepStandardInput(): Promise<string> {
  const { TMPDIR = "" } = process.env;
  const directory = [TMPDIR, usual, "/tmp"].find(isWritableDirectory) ?? usual;
  const path = join(directory, `mr-stdin-${randomBytes(8).toString("hex")}`);
  removeWhenGone(path);
  process.once("exit", () => rmSync(path, { force: true }));
  try {
    await pipeline(process.stdin, createWriteStream(path, { flags: "wx", mode: 0o600 }));
  } catch (error) {
    const reason = (error as Error).message;
    throw new InputError(
      `cannot keep standard input in ${directory}: ${reason}; set TMPDIR to a directory with more room`,
      {
        cause: error,
      },
    );
  }
  return path;
}
