import type { Combine } from "../../app/combine.js";
import type { JsonValue } from "../../app/contract.js";
import type { StagedFile } from "../../storage/staged-file.js";
import { IntermediateWriter } from "../collect/intermediate-writer.js";
import { FoldedValues } from "../folded-values.js";
import { encodeKey, packKey, wordsOf } from "../key-words.js";
import { storedText } from "../stored-value.js";
import type { StoredFile } from "../stored-file.js";
import type { LineValues } from "./line-values.js";
import { mergeLines } from "./merge.js";

/**
 * Combining is worth its time when what it writes is shorter than this share of what it reads. The more values of one key
 * are combined, the smaller the share becomes, so that the first ones may leave more.
 */
const worthShare = 0.5;
const worthShareWithinKey = 0.75;
/** Whether it is worth its time shows after this many bytes, and this share of the input. */
const trialBytesMin = 4 * 2 ** 20;
const trialShare = 0.25;
/** When this share of the input is done, the rest takes less time than is lost by giving up. */
const trialShareMax = 0.5;

interface CombineFilesOptions {
  readonly combine: Combine;
  /** Called with each key, before its values are read, and with the number of pairs read before it. */
  readonly onKey: (key: string, pairs: number) => void;
  /** Called with the total number of pairs read, at each line. */
  readonly onPairs: (pairs: number) => void;
}

/** How much was read and written. */
interface CombinedFiles {
  readonly pairs: number;
  /** Keys, and values, in the file. */
  readonly keys: number;
  readonly values: number;
}

/**
 * Merges sorted intermediate files, given in the order of their map tasks, into one, and folds the values of each key with
 * `combine`. A key's only value stays as it is, however often it repeats, as in `CombiningSink`.
 *
 * Gives up and returns undefined as soon as the result turns out to be hardly shorter than the input. Then a reduce task
 * reads the files about as fast as it would read the result. Throws the errors of `mergeGroups`, and what `combine` throws.
 */
export function combineFiles(
  inputs: readonly StoredFile[],
  file: StagedFile,
  { combine, onKey, onPairs }: CombineFilesOptions,
): CombinedFiles | undefined {
  const lines = mergeLines(inputs, onPairs);
  const worth = new Worth(inputs.reduce((sum, { bytes }) => sum + bytes, 0));
  const output = new KeyedOutput(file);
  try {
    for (let key = lines.nextKey(); key !== undefined; key = lines.nextKey()) {
      onKey(key, lines.pairs);
      const values = new ValuesOfKey(key, combine);
      for (let line = lines.takeLine(); line !== undefined; line = lines.takeLine()) {
        worth.readBytes += key.length + textBytesOf(line);
        values.add(line);
        if (values.foldedShare > worthShareWithinKey && worth.isTrial) return undefined;
      }
      worth.writtenBytes += key.length + values.writeTo(output);
      if (worth.writtenBytes > worthShare * worth.readBytes && worth.isTrial) return undefined;
    }
    output.finish();
    return { pairs: lines.pairs, keys: output.keys, values: output.values };
  } finally {
    lines.close();
  }
}

/** Compares how much was read with how much was written, to be read again. */
class Worth {
  readBytes = 0;
  writtenBytes = 0;
  readonly #allBytes: number;

  constructor(allBytes: number) {
    this.#allBytes = allBytes;
  }

  /** Whether enough was read to see that combining is not worth its time, and little enough that giving up saves time. */
  get isTrial(): boolean {
    const { readBytes } = this;
    const all = this.#allBytes;
    return readBytes >= Math.max(trialBytesMin, trialShare * all) && readBytes <= trialShareMax * all;
  }
}

function textBytesOf({ textBytes, length }: LineValues): number {
  let sum = 0;
  for (let index = 0; index < length; index++) sum += textBytes[index] ?? 0;
  return sum;
}

/** The values of one key: a single one with its count, or several, folded. */
class ValuesOfKey {
  readonly #key: string;
  readonly #combine: Combine;
  #only: JsonValue = null;
  #onlyBytes = 0;
  #count = 0;
  #folded: FoldedValues | undefined;

  constructor(key: string, combine: Combine) {
    this.#key = key;
    this.#combine = combine;
  }

  /** See FoldedValues. */
  get foldedShare(): number {
    return this.#folded?.foldedShare ?? 0;
  }

  add({ values, counts, textBytes, length }: LineValues): void {
    for (let index = 0; index < length; index++) {
      this.#add(values[index] ?? null, textBytes[index] ?? 0, counts[index] ?? 1);
    }
  }

  /** Writes the values; returns the length of their texts. */
  writeTo(output: KeyedOutput): number {
    const texts = this.#folded?.fold() ?? [storedText("combine", this.#key, this.#only)];
    const count = this.#folded === undefined ? this.#count : 1;
    output.write(this.#key, texts, count);
    return texts.reduce((sum, { length }) => sum + length, 0);
  }

  #add(value: JsonValue, textBytes: number, count: number): void {
    if (this.#folded === undefined) {
      if (this.#count === 0) {
        [this.#only, this.#onlyBytes, this.#count] = [value, textBytes, count];
        return;
      }
      if (Object.is(value, this.#only)) {
        this.#count += count;
        return;
      }
      this.#folded = new FoldedValues(this.#key, this.#combine);
      this.#folded.add(this.#only, this.#onlyBytes, this.#count);
    }
    this.#folded.add(value, textBytes, count);
  }
}

/** An intermediate file whose keys are given as strings. */
class KeyedOutput {
  keys = 0;
  values = 0;
  readonly #writer = new IntermediateWriter();
  #keyBytes = new Uint8Array(256);
  #keyWords = new Int32Array(64);

  constructor(file: StagedFile) {
    this.#writer.writeTo(file);
  }

  /** Writes a key with these values; each of them is there `count` times. */
  write(key: string, texts: readonly string[], count: number): void {
    if (this.#keyBytes.length < key.length * 3) {
      this.#keyBytes = new Uint8Array(key.length * 6);
      this.#keyWords = new Int32Array(wordsOf(this.#keyBytes.length));
    }
    const keyBytes = encodeKey(key, this.#keyBytes);
    packKey(this.#keyBytes, keyBytes, this.#keyWords, 0);
    this.#writer.beginKey(this.#keyWords, 0, keyBytes);
    for (const text of texts) {
      const bytes = Buffer.from(text);
      this.#writer.value(bytes, 0, bytes.length, count);
    }
    this.#writer.endKey();
    this.keys += 1;
    this.values += texts.length;
  }

  /** Passes on what is buffered. */
  finish(): void {
    this.#writer.writeTo(undefined);
  }
}
