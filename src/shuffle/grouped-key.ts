/**
 * Grouped keys, by which the shuffle sorts within a group (secondary sort). A grouped key holds the group, which is one
 * key to `reduce`, followed by the order of the pair in the group. So sorting keys also sorts values, which need not be
 * in memory together.
 *
 *     group with each of its characters up to the space as two   two spaces   order
 *
 * The characters up to the space, U+0000 … U+0020, become a space and U+0021 … U+0041. So nothing in a group is less
 * than the two spaces that end it, and grouped keys sort by group, then by order, whatever characters either has. Most
 * groups are unchanged by this, so a person can still read the intermediate files.
 */
import type { JsonValue } from "../app/contract.js";
import { jsonText, shownKey } from "../app/given.js";
import { isThenable } from "../app/json-value.js";

const groupEnd = "  ";
const space = 0x20;
/** Added to a character that becomes two. */
const shift = 0x21;
const lowCharacters = /[\0- ]/g;

/** The app's settings for grouping and order; at least one is set. */
export interface Grouping {
  readonly groupKey: ((key: string) => string) | undefined;
  /** True: sort by the values themselves. */
  readonly sortValues: true | ((value: JsonValue) => string | number | bigint) | undefined;
}

/** The app's grouping; undefined when each key is its own group and values are not sorted. */
export function groupingOf({ groupKey, sortValues }: Grouping): Grouping | undefined {
  return groupKey === undefined && sortValues === undefined ? undefined : { groupKey, sortValues };
}

/** The grouped key of a pair. Throws a TypeError when the app's functions return something that cannot be sorted. */
export function groupedKey({ groupKey, sortValues }: Grouping, key: string, value: JsonValue): string {
  if (groupKey === undefined) return groupStart(key) + sortText(sortValues, key, value);
  const start = groupStart(checkedGroup(groupKey, key));
  return sortValues === undefined ? start + key : start + groupStart(key) + sortText(sortValues, key, value);
}

/** The group that a key belongs to. Throws a TypeError when the app's function does not return a string. */
export function groupOfKey({ groupKey }: Pick<Grouping, "groupKey">, key: string): string {
  return groupKey === undefined ? key : checkedGroup(groupKey, key);
}

/** The common beginning of all grouped keys in a group; no other key begins with it. */
export function groupStart(group: string): string {
  const doubled = (character: string) => ` ${String.fromCharCode(character.charCodeAt(0) + shift)}`;
  return group.replace(lowCharacters, doubled) + groupEnd;
}

/** The common beginning of all grouped keys in this key's group. */
export function groupStartOf(key: string): string {
  return key.slice(0, key.indexOf(groupEnd) + groupEnd.length);
}

/** The group of a grouped key. */
export function groupOf(key: string): string {
  const end = key.indexOf(groupEnd);
  return key.slice(0, end).replace(/ ./gs, (two) => String.fromCharCode(two.charCodeAt(1) - shift));
}

/** The key that the app emitted. */
export function emittedKeyOf({ groupKey, sortValues }: Grouping, key: string): string {
  if (groupKey === undefined) return groupOf(key);
  const order = key.slice(key.indexOf(groupEnd) + groupEnd.length);
  return sortValues === undefined ? order : groupOf(order);
}

/** Decodes the group of a grouped key in place, at the beginning of `bytes`. Returns its length in bytes. */
export function keepGroup(bytes: Uint8Array): number {
  let to = 0;
  for (let at = 0; at < bytes.length; at++, to++) {
    let byte = bytes[at] ?? 0;
    if (byte === space) {
      at++;
      byte = (bytes[at] ?? 0) - shift;
      if (byte < 0) break;
    }
    bytes[to] = byte;
  }
  return to;
}

function checkedGroup(groupKey: (key: string) => string, key: string): string {
  const group: unknown = groupKey(key);
  if (typeof group === "string") return group;
  throw new TypeError(`groupKey: returned ${shownGiven(group)} for key ${shownKey(key)}; it must return a string`);
}

/** Numbers and bigints come before strings, and strings before everything else. */
function sortText(sortValues: Grouping["sortValues"], key: string, value: JsonValue): string {
  if (typeof sortValues !== "function") {
    if (typeof value === "number" && Number.isFinite(value)) return `0${numberText(value)}`;
    if (typeof value === "bigint") return `0${bigintText(value)}`;
    return typeof value === "string" ? `1${value}` : `2${jsonText("emit", key, value)}`;
  }
  const given: unknown = sortValues(value);
  if (typeof given === "number" && !Number.isNaN(given)) return `0${numberText(given)}`;
  if (typeof given === "bigint") return `0${bigintText(given)}`;
  if (typeof given === "string") return `1${given}`;
  const shown = shownGiven(given);
  throw new TypeError(
    `sortValues: returned ${shown} for a value of key ${shownKey(key)}; it must return a string or a number`,
  );
}

const float = new Float64Array(1);
const bits = new Uint32Array(float.buffer);
/** Which of the two is the high half depends on the machine. */
const high = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0;

/**
 * Sixteen hexadecimal digits in the order of numbers: the bits of the 64-bit float, with all bits inverted for a
 * negative number, else only the first bit.
 */
function numberText(number: number): string {
  float[0] = number + 0; // There is one zero.
  const [upper, lower] = [bits[high] ?? 0, bits[1 - high] ?? 0];
  const turned = upper >>> 31 === 1 ? 0xffff_ffff : 0;
  return hex((upper ^ turned ^ (turned === 0 ? 0x8000_0000 : 0)) >>> 0) + hex((lower ^ turned) >>> 0);
}

/**
 * A text in the order of bigints and numbers: the text of the greatest number that is not above the bigint, then the
 * distance to that number unless it is zero. The distance is written as hexadecimal digits, preceded by how many there
 * are.
 */
function bigintText(bigint: bigint): string {
  const below = numberNotAbove(bigint);
  if (below === -Infinity) return numberText(below) + belowAllText(-bigint);
  const distance = bigint - BigInt(below);
  return distance === 0n ? numberText(below) : numberText(below) + digitsText(distance);
}

function numberNotAbove(bigint: bigint): number {
  const near = Number(bigint);
  if (near === -Infinity) return near;
  if (near === Infinity) return Number.MAX_VALUE;
  return BigInt(near) <= bigint ? near : numberBefore(near);
}

/** The greatest number that is less than this one, which is beyond the safe integers. */
function numberBefore(number: number): number {
  float[0] = number;
  const whole = new BigInt64Array(float.buffer);
  whole[0] = (whole[0] ?? 0n) + (number > 0 ? -1n : 1n);
  return float[0];
}

function digitsText(bigint: bigint): string {
  const digits = bigint.toString(16);
  return hex(digits.length) + digits;
}

/** Among bigints below all numbers, the larger magnitude comes first. */
function belowAllText(magnitude: bigint): string {
  const digits = magnitude.toString(16);
  const complement = (1n << BigInt(4 * digits.length)) - magnitude;
  return hex(0xffff_ffff - digits.length) + complement.toString(16).padStart(digits.length, "0");
}

function hex(word: number): string {
  return word.toString(16).padStart(8, "0");
}

function shownGiven(given: unknown): string {
  if (isThenable(given)) return "a promise";
  return typeof given === "object" && given !== null ? "an object" : String(given);
}
