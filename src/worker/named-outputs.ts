import { join } from "node:path";
import type { JsonValue, NamedOutput } from "../app/contract.js";
import type { LoadedApp } from "../app/load.js";
import { directoryOfOutput, namedOutputFile } from "../model/output-names.js";
import { stagedName, temporaryPrefix } from "../output/names.js";
import { outputOf, outputSuffix } from "../model/output-format.js";
import { RecordWriter } from "../output/record-writer.js";
import { namedOutputsMax } from "../model/attempt-limits.js";
import type { AttemptSettings, PreparedNamedOutput } from "./task-context.js";

/** How many files an attempt keeps open. Others are closed, and opened again for the next record. */
const openMax = 32;

interface Entry {
  readonly directory: string;
  readonly records: RecordWriter;
  readonly output: NamedOutput;
}

/**
 * The outputs that an app writes with `ctx.output` in one reduce attempt, each in a file of its own. Output arrives in the
 * order of the keys, so usually only one of them is in use.
 */
export class NamedOutputs {
  /** The number of records in all outputs. */
  count = 0;
  readonly #settings: AttemptSettings;
  readonly #app: LoadedApp;
  readonly #admits: () => boolean;
  /** By name. Different names have different directories. */
  readonly #entries = new Map<string, Entry>();
  /** The open files, the least recently used first. */
  readonly #open = new Set<Entry>();
  #last: Entry | undefined;

  /** `admits` says whether the app may emit now. */
  constructor(settings: AttemptSettings, app: LoadedApp, admits: () => boolean) {
    this.#settings = settings;
    this.#app = app;
    this.#admits = admits;
  }

  /** Returns the output of that name, the same object each time. Throws when the name is invalid, or there are too many. */
  get(name: string): NamedOutput {
    return (this.#entries.get(name) ?? this.#add(name)).output;
  }

  /** Finishes the files, and returns them in the order in which they were created. Nothing can be written afterwards. */
  finish(): PreparedNamedOutput[] {
    const { ref, jobId, directory, output } = this.#settings;
    const suffix = outputSuffix(outputOf(output, this.#app.layout), this.#app.writer?.extension);
    return [...this.#entries.values()].map((entry) => {
      this.#use(entry);
      const { path, bytes, checksum, textKeyEnd } = entry.records.finish();
      this.#open.delete(entry);
      const name = namedOutputFile(entry.directory, ref.task, suffix);
      return {
        temporaryPath: path,
        finalPath: join(directory, stagedName(jobId, name)),
        fact: [
          entry.directory,
          entry.records.count,
          bytes,
          checksum,
          ...(textKeyEnd === undefined ? [] : [textKeyEnd]),
        ],
        name,
      } as PreparedNamedOutput;
    });
  }

  /** Removes the files. Never throws. */
  discard(): void {
    for (const { records } of this.#entries.values()) records.discard();
  }

  #add(name: string): Entry {
    const directory = directoryOfOutput(name);
    if (this.#entries.size >= namedOutputsMax) {
      throw new RangeError(`a task may have ${namedOutputsMax} outputs; use more reduce tasks, or fewer names`);
    }
    const { ref, jobId, directory: ofJob, output } = this.#settings;
    const prefix = temporaryPrefix(jobId, ref.kind, ref.task, ref.attempt);
    this.#makeRoom();
    const path = join(ofJob, `${prefix}named-${this.#entries.size}`);
    const records = RecordWriter.create(path, output, this.#app, "emit");
    const emit = (key: string, value: JsonValue) => {
      if (!this.#admits()) return;
      this.#use(entry);
      records.append(key, value);
      this.count += 1;
      this.#settings.onOutput?.(key, value);
    };
    const entry: Entry = { directory, records, output: { emit } };
    this.#entries.set(name, entry);
    this.#open.add(entry);
    return entry;
  }

  /** Makes it the most recently used one. */
  #use(entry: Entry): void {
    if (entry === this.#last) return;
    this.#last = entry;
    this.#open.delete(entry);
    this.#makeRoom();
    this.#open.add(entry);
  }

  #makeRoom(): void {
    if (this.#open.size < openMax) return;
    const [oldest] = this.#open;
    if (oldest === undefined) return;
    oldest.records.suspend();
    this.#open.delete(oldest);
    if (this.#last === oldest) this.#last = undefined;
  }
}
