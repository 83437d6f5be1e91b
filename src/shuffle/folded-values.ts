import type { JsonValue } from "../app/contract.js";
import { jsonText } from "../app/given.js";
import type { LineValues } from "./line-values.js";
import { withRepeated } from "./repeated-values.js";

/** The app's `combine`. */
export type Combine = (key: string, values: JsonValue[]) => JsonValue;

/** How much `combine` is given in one call, as on the map side (`combining-sink.ts`). */
const batchValuesMax = 64 * 1024;
const batchBytesMax = 16 * 1024 * 1024;

/**
 * Gathers the values of a key for `reduce`. When they are more than a batch, the batch is folded into one value with
 * `combine`, and that one is the first of the next batch: so `reduce` gets an array of bounded length, however many
 * values there are. Up to a batch the values stay as they are: `combine` would save no memory, and do the work of
 * `reduce`.
 */
export class FoldedValues {
  readonly #key: string;
  readonly #combine: Combine;
  #values: JsonValue[] = [];
  #bytes = 0;

  constructor(key: string, combine: Combine) {
    this.#key = key;
    this.#combine = combine;
  }

  /** Throws what `combine` throws, and a TypeError when JSON cannot hold what it gives. */
  add(line: LineValues): void {
    for (let index = 0; index < line.length; index++) {
      const textBytes = line.textBytes[index] ?? 0;
      for (let left = line.counts[index] ?? 1; left > 0;) {
        if (!this.#hasRoomFor(textBytes)) this.#fold();
        const room = Math.max(1, Math.floor((batchBytesMax - this.#bytes) / textBytes));
        const taken = Math.min(left, room, batchValuesMax - this.#values.length);
        this.#values = withRepeated(this.#values, line.values[index] as JsonValue, taken);
        this.#bytes += taken * textBytes;
        left -= taken;
      }
    }
  }

  /** All values, some of them folded. */
  finish(): JsonValue[] {
    return this.#values;
  }

  /** Whether the value fits. A batch of one value is not folded. */
  #hasRoomFor(textBytes: number): boolean {
    const { length } = this.#values;
    return length < batchValuesMax && (length < 2 || this.#bytes + textBytes <= batchBytesMax);
  }

  #fold(): void {
    const text = jsonText("combine", this.#key, this.#combine(this.#key, this.#values));
    this.#values = [JSON.parse(text) as JsonValue];
    this.#bytes = text.length;
  }
}
