import type { JsonValue } from "../../app/contract.js";
import { storedText } from "../stored-value.js";
import type { ValueSlab } from "./value-slab.js";

/** A value that can be compared with `===` and does not change. */
type Primitive = string | number | boolean | null;

/**
 * Values that are found again without making their text: at most so many, and no longer strings than this, which
 * hold on to no longer string that they are a piece of (V8 copies a slice of less than 13 characters).
 */
const knownValuesMax = 256;
const knownLengthMax = 12;
/** A number, a boolean or a short string takes no more than this, with the length of its text. */
const shortBytesMax = 128;

/**
 * Where the texts of emitted values lie. Of most apps the value is the one before, or one of a few: for these no text is
 * made.
 */
export class EmittedValues {
  readonly #values: ValueSlab;
  readonly #reserve: (bytes: number) => void;
  /** The value that was emitted last if it was no object, else NaN, which equals nothing; and where its text lies. */
  #recent: Primitive = NaN;
  #place = 0;
  /** Where the texts of some values lie, the first that came. */
  readonly #knownPlaces = new Map<Primitive, number>();

  /** `reserve` is called before that many bytes, or fewer, are added to `values`. */
  constructor(values: ValueSlab, reserve: (bytes: number) => void) {
    this.#values = values;
    this.#reserve = reserve;
  }

  /** The place of the text of a value. Throws a TypeError that names `key` when JSON cannot hold the value. */
  placeOf(key: string, value: JsonValue): number {
    return value === this.#recent ? this.#place : this.#take(key, value);
  }

  /** To be called when the values were cleared. */
  forget(): void {
    this.#recent = NaN;
    this.#knownPlaces.clear();
  }

  #take(key: string, value: JsonValue): number {
    if (!isPrimitive(value)) {
      const text = storedText("emit", key, value);
      this.#reserve(3 * text.length);
      // It may have changed when it is emitted again.
      this.#recent = NaN;
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
    return place;
  }
}

/** Apps in plain JavaScript can give anything, and a `toJSON` may give another text each time. */
function isPrimitive(value: unknown): value is Primitive {
  return value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function isLong(value: Primitive): value is string {
  return typeof value === "string" && value.length > knownLengthMax;
}

/** The JSON text of a value that is no object; undefined for a string, which needs none. */
function textOf(key: string, value: Primitive): string | undefined {
  if (typeof value === "string") return undefined;
  return Number.isFinite(value) ? String(value) : storedText("emit", key, value);
}
