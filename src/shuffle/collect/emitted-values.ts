import type { JsonValue } from "../../app/contract.js";
import { storedText } from "../stored-value.js";
import { decodedRange } from "./byte-ranges.js";
import type { ValueSlab } from "./value-slab.js";

/** A value that can be compared with `===` and does not change. */
type Primitive = string | number | boolean | null;

/**
 * Limits of the values that are recognised without making their text: how many, and how long as strings. A string of
 * this length does not keep a longer parent string alive (V8 copies slices of less than 13 characters).
 */
const knownValuesMax = 256;
const knownLengthMax = 12;
/** The most bytes that a number, a boolean or a short string needs, including the length of its text. */
const shortBytesMax = 128;

/**
 * Where the texts of emitted values lie. In most apps a value equals the one before, or one of a few; these need no new
 * text.
 */
export class EmittedValues {
  readonly #values: ValueSlab;
  readonly #reserve: (bytes: number) => void;
  /** The last emitted value unless it was an object, else NaN, which equals nothing; and the place of its text. */
  #recent: Primitive = NaN;
  #place = 0;
  /** The places of the first few values' texts. */
  readonly #knownPlaces = new Map<Primitive, number>();
  /**
   * Whether the last value may be worth folding: it was an array, an object or a number, and got a text of its own. To
   * be set back by its reader.
   */
  isFoldable = false;

  /** `reserve` is called before that many bytes, or fewer, are added to `values`. */
  constructor(values: ValueSlab, reserve: (bytes: number) => void) {
    this.#values = values;
    this.#reserve = reserve;
  }

  /** The place of a value's text. Throws a TypeError that names `key` when JSON cannot hold the value. */
  placeOf(key: string, value: JsonValue): number {
    return value === this.#recent ? this.#place : this.#take(key, value);
  }

  /** Like `placeOf`, for the key in `buffer` from `start` to `end`. */
  placeForBytes(buffer: Uint8Array, start: number, end: number, value: JsonValue): number {
    if (value === this.#recent) return this.#place;
    // Only error messages need the key as a string.
    return this.#take(isPlain(value) ? "" : decodedRange(buffer, start, end), value);
  }

  /** To be called after the values were cleared. */
  forget(): void {
    this.#recent = NaN;
    this.#knownPlaces.clear();
  }

  #take(key: string, value: JsonValue): number {
    if (!isPrimitive(value)) {
      const text = storedText("emit", key, value);
      this.#reserve(3 * text.length);
      // The app may have changed it before it emits it again.
      this.#recent = NaN;
      this.isFoldable = true;
      return this.#values.addText(text);
    }
    const place = isLong(value) ? this.#addLong(value) : (this.#knownPlaces.get(value) ?? this.#addShort(key, value));
    this.#recent = value;
    this.#place = place;
    return place;
  }

  #addLong(value: string): number {
    this.#reserve(6 * value.length);
    return this.#values.addString(value);
  }

  #addShort(key: string, value: Primitive): number {
    const text = textOf(key, value);
    this.#reserve(shortBytesMax);
    const place = text === undefined ? this.#values.addString(value as string) : this.#values.addText(text);
    if (this.#knownPlaces.size < knownValuesMax) this.#knownPlaces.set(value, place);
    else if (typeof value === "number") this.isFoldable = true;
    return place;
  }
}

/** Apps in plain JavaScript can pass anything, and a `toJSON` may return another text each time. */
function isPrimitive(value: unknown): value is Primitive {
  return value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function isLong(value: Primitive): value is string {
  return typeof value === "string" && value.length > knownLengthMax;
}

/** The JSON text of a value that is not an object; undefined for a string, which needs none. */
function textOf(key: string, value: Primitive): string | undefined {
  if (typeof value === "string") return undefined;
  return Number.isFinite(value) ? String(value) : storedText("emit", key, value);
}

/** Whether JSON can certainly hold a value. */
function isPlain(value: JsonValue): boolean {
  return typeof value === "string" || typeof value === "boolean" || value === null || Number.isFinite(value);
}
