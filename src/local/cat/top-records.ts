import { numberIn, type RecordFields } from "./record-fields.js";

/** Which records are wanted: so many, those with the highest numbers as values, or with the first keys. */
export interface Top {
  readonly count: number;
  readonly by: "value" | "key";
}

interface Kept {
  readonly record: Buffer;
  readonly key: Uint8Array;
  /** 0 when the key alone counts. */
  readonly value: number | bigint;
}

/** Finds the first records by a criterion among any number of them, and holds at most twice as many. */
export class TopRecords {
  /** How many records were left out since their value is no number. */
  withoutNumber = 0;
  readonly #top: Top;
  #kept: Kept[] = [];
  /** The last one that is wanted, once there are enough. */
  #last: Kept | undefined;

  constructor(top: Top) {
    this.#top = top;
  }

  /** Takes a record into account. Its bytes are copied if they are kept. */
  add(record: Buffer, fields: RecordFields): void {
    const value = this.#top.by === "key" ? 0 : numberIn(fields.value(record));
    if (value === undefined) {
      this.withoutNumber += 1;
      return;
    }
    if (this.#last !== undefined && value < this.#last.value) return;
    const copy = Buffer.from(record);
    const kept = { record: copy, key: fields.key(copy), value };
    if (this.#last !== undefined && compare(this.#last, kept) <= 0) return;
    this.#kept.push(kept);
    if (this.#kept.length >= 2 * this.#top.count) this.#cut();
  }

  /** The records that are wanted, the first one first. */
  records(): Buffer[] {
    this.#cut();
    return this.#kept.map(({ record }) => record);
  }

  #cut(): void {
    this.#kept.sort(compare);
    this.#kept.length = Math.min(this.#kept.length, this.#top.count);
    if (this.#kept.length === this.#top.count) this.#last = this.#kept.at(-1);
  }
}

/** The higher value comes first, and of equal ones the key that comes first. */
function compare(a: Kept, b: Kept): number {
  if (a.value < b.value) return 1;
  return a.value > b.value ? -1 : Buffer.compare(a.key, b.key);
}
