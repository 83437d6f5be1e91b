/**
 * Copies inputs that can be read only once, or have no known length: standard input, pipes, files in /proc. Workers are
 * other processes, and read an input in parts, perhaps more than once. The copy lives as long as this process, in $TMPDIR,
 * or else in /var/tmp, which is meant for large files, or else in /tmp.
 */
import { createReadStream, createWriteStream, fstatSync, mkdtempSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fsPath } from "../storage/file-name.js";
import { findInputs, type InputFile, type UnsizedInput } from "../input/files.js";
import { InputError } from "../input/input-error.js";
import { removeWhenGone } from "../local/janitor.js";
import { isWritableDirectory } from "../machine/runtime-directory.js";

const usual = "/var/tmp";

export class CopiedInputs {
  #directory: string | undefined;
  #count = 0;

  /**
   * Reads an input to its end, or about `bytesMax` of it. Rejects with an InputError if it cannot be read or stored.
   */
  async add(input: UnsizedInput, bytesMax = Infinity): Promise<InputFile> {
    const { TMPDIR = "" } = process.env;
    const place = [TMPDIR, usual, "/tmp"].find(isWritableDirectory) ?? usual;
    const what = input.descriptor === 0 ? "standard input" : input.name;
    let unreadable: unknown;
    try {
      this.#directory ??= temporaryDirectory(place);
      const path = join(this.#directory, String((this.#count += 1)));
      const copy = createWriteStream(path, { flags: "wx", mode: 0o600 });
      // The stream that fails first is the cause; the other one ends with the same error.
      const source = streamOf(input).once("error", (error) => {
        if (copy.errored === null) unreadable = error;
      });
      if (bytesMax === Infinity) await pipeline(source, copy);
      else await pipeline(beginningOf(source, bytesMax), copy);
      const [file] = findInputs([path]);
      if (file === undefined) throw new Error("the input was copied, but the copy is missing");
      return { ...file, name: input.name, isCopy: true };
    } catch (error) {
      const { message } = error as Error;
      const text =
        error === unreadable
          ? `cannot read input ${what}: ${message}`
          : `cannot keep ${what} in ${place}: ${message}; set TMPDIR to a directory with more room`;
      throw new InputError(text, { cause: error });
    }
  }
}

/** A directory that is removed with this process, however it ends. */
function temporaryDirectory(place: string): string {
  const directory = mkdtempSync(join(place, "mr-inputs-"));
  removeWhenGone(directory);
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function* beginningOf(source: Readable, bytesMax: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    yield chunk;
    bytes += chunk.length;
    if (bytes >= bytesMax) return;
  }
}

function streamOf({ name, descriptor }: UnsizedInput): Readable {
  if (descriptor === 0) return process.stdin;
  if (descriptor === undefined) return createReadStream(fsPath(name));
  return fstatSync(descriptor).isSocket()
    ? new Socket({ fd: descriptor, writable: false })
    : createReadStream("", { fd: descriptor, autoClose: false });
}
