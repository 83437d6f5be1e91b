import type { JsonValue } from "../app/contract.js";
import { jsonText, requireStringKey } from "../app/given.js";
import type { FinishedFile, StagedFile } from "./staged-file.js";

/** So many UTF-16 units of lines are given to the file at once: a call for each line takes longer than all else. */
const gatheredMin = 16 * 1024;

/** Writes the lines of an output file. */
export class TextLines {
  /** Number of lines so far. */
  count = 0;
  readonly #file: StagedFile;
  #gathered = "";

  constructor(file: StagedFile) {
    this.#file = file;
  }

  /** Writes one line. Throws what `outputLine` throws, and what StagedFile throws for this line or one before. */
  append(key: string, value: JsonValue): void {
    this.#gathered += outputLine(key, value);
    this.count++;
    if (this.#gathered.length >= gatheredMin) this.#handOver();
  }

  /** Finishes the file. Nothing can be appended afterwards. */
  finish(): FinishedFile {
    this.#handOver();
    return this.#file.finish();
  }

  #handOver(): void {
    // A line ends with a newline, so no surrogate pair is cut here.
    this.#file.append(this.#gathered);
    this.#gathered = "";
  }
}

/**
 * The output line of one pair, `key value\n`: the key and a string value as they are, any other value as JSON.
 *
 * This is the lab's format. It is made for people and for `sort`: a key or a string that holds a space or a newline is
 * not marked in any way. Throws a TypeError when the key is no string or JSON cannot hold the value.
 */
export function outputLine(key: string, value: JsonValue): string {
  requireStringKey("reduce", key);
  if (typeof value === "string") return `${key} ${value}\n`;
  // JSON writes a finite number as JavaScript does; saying so is faster.
  return `${key} ${typeof value === "number" && Number.isFinite(value) ? String(value) : jsonText("reduce", key, value)}\n`;
}
