import type { JsonValue } from "../app/contract.js";
import type { LoadedApp } from "../app/load.js";
import { GzipFile } from "./gzip-file.js";
import { outputOf, type OutputSettings, type TextKeyEnd } from "../model/output-format.js";
import { recordFormat, type RecordFormat } from "./record-format.js";
import { StagedFile, type FinishedFile } from "../storage/staged-file.js";
import { TextKeyEndFinder } from "./text-key-end.js";

/** How many UTF-16 units of records are gathered before they are written: a call per record would dominate the time. */
const gatheredMin = 16 * 1024;
const bufferBytes = 64 * 1024;

/** A finished output file, and for `text` where the keys in its records end. */
export interface FinishedOutput extends FinishedFile {
  readonly textKeyEnd?: TextKeyEnd;
}

/** Writes the records of an output file. */
export class RecordWriter {
  /** The number of records up to now. */
  count = 0;
  readonly #file: StagedFile | GzipFile;
  readonly #format: RecordFormat;
  /** The source of the pairs, for messages. */
  readonly #giver: "emit" | "reduce";
  /** For a `text` file. */
  readonly #keyEnds: TextKeyEndFinder | undefined;
  #gathered = "";
  #buffer = Buffer.allocUnsafeSlow(bufferBytes);

  constructor(file: StagedFile | GzipFile, format: RecordFormat, giver: "emit" | "reduce", isText = false) {
    this.#keyEnds = isText ? new TextKeyEndFinder() : undefined;
    this.#file = file;
    this.#format = format;
    this.#giver = giver;
    this.#take(format.header);
  }

  /** Creates the output file of an attempt, under its temporary name. */
  static create(
    path: string,
    settings: OutputSettings,
    { writer, layout }: Pick<LoadedApp, "writer" | "layout">,
    giver: "emit" | "reduce",
  ): RecordWriter {
    const output = outputOf(settings, layout);
    const records = recordFormat(output, writer);
    const file = StagedFile.create(path);
    const isText = writer === undefined && (output.format ?? "text") === "text";
    return new RecordWriter(output.compress === "gz" ? new GzipFile(file) : file, records, giver, isText);
  }

  /** Writes one record. Throws the errors of the format, and those of StagedFile for this or an earlier record. */
  append(key: string, value: JsonValue): void {
    this.appendFormatted(key, this.format(key, value));
  }

  /** Formats a record without writing it. Throws the errors of the format. */
  format(key: string, value: JsonValue): string | Uint8Array {
    return this.#format.record(this.#giver, key, value);
  }

  /** Writes a record that `format` returned for this key. Throws the errors of StagedFile, as `append` does. */
  appendFormatted(key: string, record: string | Uint8Array): void {
    this.#keyEnds?.note(key, record as string);
    this.#take(record);
    this.count++;
  }

  /** Like `StagedFile.suspend`. */
  suspend(): void {
    this.#handOver();
    this.#buffer = Buffer.alloc(0);
    this.#file.suspend();
  }

  /** Finishes the file. Nothing can be appended afterwards. */
  finish(): FinishedOutput {
    this.#take(this.#format.footer);
    this.#handOver();
    const file = this.#file.finish();
    return this.#keyEnds === undefined ? file : { ...file, textKeyEnd: this.#keyEnds.keyEnd };
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
    const text = this.#gathered;
    if (text === "") return;
    this.#gathered = "";
    // Whole records, so that no surrogate pair is split.
    const bytes = this.#encoded(text);
    this.#keyEnds?.examine(text, bytes);
    this.#file.append(bytes);
  }

  /** The text in UTF-8, until the next call. */
  #encoded(text: string): Uint8Array {
    if (this.#buffer.length === 0) this.#buffer = Buffer.allocUnsafeSlow(bufferBytes);
    // A UTF-16 unit takes at most three bytes.
    if (3 * text.length > this.#buffer.length) return Buffer.from(text);
    return this.#buffer.subarray(0, this.#buffer.write(text));
  }
}
