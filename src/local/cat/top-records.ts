import { numberIn, type RecordFields } from "./record-fields.js";

/** Which records to find, and how many: with the highest numbers as values, or with the first keys. */
export interface Top {
  readonly count: number;
  readonly by: "value" | "key";
}

interface Kept<Source> {
  readonly source: Source;
  readonly record: Buffer;
  readonly key: Uint8Array;
  /** 0 when only the key counts. */
  readonly value: number | bigint;
}

/** Finds the first records by some order among any number of records, holding at most twice as many as requested. */
export class TopRecords<Source> {
  /** How many records were skipped because their value is not a number. */
  withoutNumber = 0;
  readonly #top: Top;
  #kept: Kept<Source>[] = [];
  /** The last record within the limit, once there are enough. */
  #last: Kept<Source> | undefined;

  constructor(top: Top) {
    this.#top = top;
  }

  /** Considers a record of a source. Copies its bytes if it is kept. */
  add(record: Buffer, fields: RecordFields, source: Source): void {
    const value = this.#top.by === "key" ? 0 : numberIn(fields.value(record));
    if (value === undefined) {
      this.withoutNumber += 1;
      return;
    }
    if (this.#last !== undefined && value < this.#last.value) return;
    const copy = Buffer.from(record);
    const kept = { record: copy, key: fields.key(copy), value, source };
    if (this.#last !== undefined && compare(this.#last, kept) <= 0) return;
    this.#kept.push(kept);
    if (this.#kept.length >= 2 * this.#top.count) this.#cut();
  }

  /** The records found, in order. */
  records(): { readonly record: Buffer; readonly source: Source }[] {
    this.#cut();
    return this.#kept;
  }

  #cut(): void {
    this.#kept.sort(compare);
    this.#kept.length = Math.min(this.#kept.length, this.#top.count);
    if (this.#kept.length === this.#top.count) this.#last = this.#kept.at(-1);
  }
}

/** The higher value comes first, and among equal values the smaller key. */
function compare(a: Kept<unknown>, b: Kept<unknown>): number {
  if (a.value < b.value) return 1;
  return a.value > b.value ? -1 : Buffer.compare(a.key, b.key);
}
