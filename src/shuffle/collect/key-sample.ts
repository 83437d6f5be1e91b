import { requireStringKey } from "../../app/given.js";
import { groupOfKey, type Grouping } from "../grouped-key.js";
import { decodedRange, requireRange } from "./byte-ranges.js";
import type { PairTaker } from "./collector.js";

interface KeySampleOptions {
  readonly keysMax: number;
  /** Longer keys are cut: such a prefix compares with other keys as the whole key does. */
  readonly keyUnitsMax: number;
  readonly groupKey: Grouping["groupKey"];
}

/**
 * Takes pairs and keeps the keys of some, all with the same probability (reservoir sampling: Vitter, "Random sampling
 * with a reservoir", 1985, algorithm R). The random generator has a fixed seed, so the same pairs give the same sample.
 */
export class KeySample implements PairTaker {
  readonly keys: string[] = [];
  pairs = 0;
  readonly #options: KeySampleOptions;
  #random = 0x9e3779b9;

  constructor(options: KeySampleOptions) {
    this.#options = options;
  }

  emit(key: string): void {
    requireStringKey("emit", key);
    const place = this.#nextPlace();
    if (place >= 0) this.#keep(place, key);
  }

  emitBytes(buffer: Uint8Array, start: number, end: number): void {
    requireRange("emitBytes", buffer, start, end);
    const place = this.#nextPlace();
    if (place >= 0) this.#keep(place, decodedRange(buffer, start, end));
  }

  emitSlices(buffer: Uint8Array, keyStart: number, keyEnd: number): void {
    requireRange("emitSlices", buffer, keyStart, keyEnd);
    const place = this.#nextPlace();
    if (place >= 0) this.#keep(place, decodedRange(buffer, keyStart, keyEnd));
  }

  /** Where to keep the key of the next pair; −1 when it is not kept. */
  #nextPlace(): number {
    const pair = this.pairs++;
    if (pair < this.#options.keysMax) return pair;
    const place = Math.floor(this.#nextRandom() * (pair + 1));
    return place < this.#options.keysMax ? place : -1;
  }

  #keep(place: number, key: string): void {
    this.keys[place] = groupOfKey(this.#options, key).slice(0, this.#options.keyUnitsMax);
  }

  /** At least 0 and less than 1 (Marsaglia, "Xorshift RNGs", 2003). */
  #nextRandom(): number {
    this.#random ^= this.#random << 13;
    this.#random ^= this.#random >>> 17;
    this.#random ^= this.#random << 5;
    return (this.#random >>> 0) / 2 ** 32;
  }
}
