import type { JsonValue } from "../app/contract.js";
import type { LoadedApp } from "../app/load.js";
import { GzipFile } from "./gzip-file.js";
import type { OutputSettings } from "./output-format.js";
import { recordFormat, type RecordFormat } from "./record-format.js";
import { StagedFile, type FinishedFile } from "./staged-file.js";

/** So many UTF-16 units of records are given to the file at once: a call for each record takes longer than all else. */
const gatheredMin = 16 * 1024;

/** Writes the records of an output file. */
export class RecordWriter {
  /** Number of records so far. */
  count = 0;
  readonly #file: StagedFile | GzipFile;
  readonly #format: RecordFormat;
  /** Who gives the pairs, for messages. */
  readonly #giver: "emit" | "reduce";
  #gathered = "";

  constructor(file: StagedFile | GzipFile, format: RecordFormat, giver: "emit" | "reduce") {
    this.#file = file;
    this.#format = format;
    this.#giver = giver;
    this.#take(format.header);
  }

  /** The output file of an attempt, under its temporary name. */
  static create(
    path: string,
    { format, compress }: OutputSettings,
    writer: LoadedApp["writer"],
    giver: "emit" | "reduce",
  ): RecordWriter {
    const records = recordFormat(format, writer);
    const file = StagedFile.create(path);
    return new RecordWriter(compress === "gz" ? new GzipFile(file) : file, records, giver);
  }

  /** Writes one record. Throws what the format throws, and what StagedFile throws for this record or one before. */
  append(key: string, value: JsonValue): void {
    this.#take(this.#format.record(this.#giver, key, value));
    this.count++;
  }

  /** Finishes the file. Nothing can be appended afterwards. */
  finish(): FinishedFile {
    this.#take(this.#format.footer);
    this.#handOver();
    return this.#file.finish();
  }

  /** Removes the file, in any state. Never throws. */
  discard(): void {
    this.#file.discard();
  }

  #take(data: string | Uint8Array): void {
    if (typeof data === "string") {
      this.#gathered += data;
      if (this.#gathered.length >= gatheredMin) this.#handOver();
      return;
    }
    this.#handOver();
    this.#file.append(data);
  }

  #handOver(): void {
    // Whole records, so that no surrogate pair is cut here.
    this.#file.append(this.#gathered);
    this.#gathered = "";
  }
}
