import { closeSync, fsyncSync, lstatSync, openSync } from "node:fs";
import { join } from "node:path";
import type { SideFile } from "../app/contract.js";
import { sideFileName, stagedName, temporaryPrefix } from "../output/names.js";
import { sideNamePattern } from "../model/output-names.js";
import { StagedFile } from "../storage/staged-file.js";
import { sideFilesMax } from "../model/attempt-limits.js";
import type { AttemptRef } from "../model/attempt.js";
import type { EmitGate } from "./emit-gate.js";

/** A finished side file, still under its temporary name. */
export interface PreparedSideFile {
  /** The name that the app uses. */
  readonly name: string;
  readonly temporaryPath: string;
  /** Where it is once the attempt is committed. */
  readonly finalPath: string;
  /** Its name once the job is done. */
  readonly publicName: string;
  readonly bytes: number;
}

/** Where an attempt runs. */
interface Place {
  readonly ref: AttemptRef;
  readonly jobId: string;
  readonly directory: string;
}

/**
 * The side files that an app writes in one attempt. Like all files of an attempt, they have temporary names until it is
 * committed, and are removed with the others if it is not.
 */
export class SideFiles {
  readonly #place: Place;
  readonly #gate: EmitGate;
  readonly #files = new Map<string, AttemptSideFile>();
  /**
   * Set when what `map` writes may have to be taken back: gets what the app writes through the context of the attempt.
   */
  divert: ((name: string, data: string | Uint8Array) => void) | undefined;

  constructor({ ref, jobId, directory }: Place, gate: EmitGate) {
    this.#place = { ref, jobId, directory };
    this.#gate = gate;
  }

  /**
   * Returns the file of that name, the same object each time. Throws when the name is invalid, or there are too many
   * files.
   */
  get(name: string): SideFile {
    this.#gate.admits("ctx.sideFile");
    return this.#get(name);
  }

  /** Where the file of that name is while the attempt runs. Throws when a file cannot have that name. */
  pathOf(name: string): string {
    if (typeof name !== "string" || !sideNamePattern.test(name)) {
      const allowed = "1 to 100 letters of a to z, digits, _ or -, with single dots between them";
      throw new TypeError(`a side file cannot be called ${JSON.stringify(name)}: its name is ${allowed}`);
    }
    const { ref, jobId, directory } = this.#place;
    const { kind, task, attempt } = ref;
    return join(directory, `${temporaryPrefix(jobId, kind, task, attempt)}side-${name}`);
  }

  /** Adds to the file of that name, if there is something to add, whatever the gate says. Throws as `get` does. */
  append(name: string, data: string | Uint8Array | undefined): void {
    const file = this.#get(name);
    if (data !== undefined) file.append(data);
  }

  #get(name: string): AttemptSideFile {
    const found = this.#files.get(name);
    if (found !== undefined) return found;
    const path = this.pathOf(name);
    if (this.#files.size >= sideFilesMax) throw new RangeError(`a task may have ${sideFilesMax} side files`);
    const file = new AttemptSideFile(path, this.#gate, (data) => {
      if (this.divert === undefined) file.append(data);
      else this.divert(name, data);
    });
    this.#files.set(name, file);
    return file;
  }

  /** Finishes the files that were written, and returns them. Nothing can be written afterwards. */
  finish(): PreparedSideFile[] {
    const { ref, jobId, directory } = this.#place;
    return [...this.#files].flatMap(([name, file]) => {
      const bytes = file.finish();
      const publicName = sideFileName(ref.kind, ref.task, name);
      const finalPath = join(directory, stagedName(jobId, publicName));
      return bytes === undefined ? [] : [{ name, temporaryPath: file.path, finalPath, publicName, bytes }];
    });
  }

  /** Removes what was written with `write`; the rest is removed with the other files of the attempt. Never throws. */
  discard(): void {
    for (const file of this.#files.values()) file.discard();
  }
}

class AttemptSideFile implements SideFile {
  readonly path: string;
  readonly #gate: EmitGate;
  readonly #onWrite: (data: string | Uint8Array) => void;
  #staged: StagedFile | undefined;

  constructor(path: string, gate: EmitGate, onWrite: (data: string | Uint8Array) => void) {
    this.path = path;
    this.#gate = gate;
    this.#onWrite = onWrite;
  }

  write(data: string | Uint8Array): void {
    if (this.#gate.admitsInOrder("write of a side file")) this.#onWrite(data);
  }

  append(data: string | Uint8Array): void {
    this.#staged ??= StagedFile.create(this.path);
    this.#staged.append(data);
  }

  /** Waits until the file is on disk, and returns its length; undefined when nothing was written. */
  finish(): number | undefined {
    if (this.#staged !== undefined) return this.#staged.finish().bytes;
    const stats = lstatSync(this.path, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    if (!stats.isFile())
      throw new TypeError(`${this.#gate.task} created a side file that is not a regular file: ${this.path}`);
    flush(this.path);
    return stats.size;
  }

  discard(): void {
    this.#staged?.discard();
  }
}

function flush(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
