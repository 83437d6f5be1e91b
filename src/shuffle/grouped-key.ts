/**
 * Keys that the shuffle sorts by more than what is one key to `reduce`: a group, and behind it what orders the pairs in it
 * (secondary sort). So values come sorted without being in memory together: what sorts them is what sorts keys.
 *
 *     group with each of its characters up to the space as two   two spaces   order
 *
 * The characters up to the space, U+0000 … U+0020, become a space and U+0021 … U+0041. So nothing in a group is less than
 * the two spaces that end it, and grouped keys are in the order of their groups, then of what is behind, whatever
 * characters either has. Most groups stand there as they are, and a person can still read the intermediate files.
 */
import type { JsonValue } from "../app/contract.js";
import { jsonText, shownKey } from "../app/given.js";
import { isThenable } from "../app/json-value.js";

const groupEnd = "  ";
const space = 0x20;
/** What is added to a character that becomes two. */
const shift = 0x21;
const lowCharacters = /[\0- ]/g;

/** What an app says of grouping and order; one of them at least. */
export interface Grouping {
  readonly groupKey: ((key: string) => string) | undefined;
  /** True: the values themselves are sorted by. */
  readonly sortValues: true | ((value: JsonValue) => string | number | bigint) | undefined;
}

/** What an app says of grouping and order; undefined when a group is a key, and its values come as they come. */
export function groupingOf({ groupKey, sortValues }: Grouping): Grouping | undefined {
  return groupKey === undefined && sortValues === undefined ? undefined : { groupKey, sortValues };
}

/** The grouped key of a pair. Throws a TypeError when the app's functions give what cannot be sorted by. */
export function groupedKey({ groupKey, sortValues }: Grouping, key: string, value: JsonValue): string {
  if (groupKey === undefined) return groupStart(key) + sortText(sortValues, key, value);
  const start = groupStart(checkedGroup(groupKey, key));
  return sortValues === undefined ? start + key : start + groupStart(key) + sortText(sortValues, key, value);
}

/** The group that a key belongs to. Throws a TypeError when the app's function gives no string. */
export function groupOfKey({ groupKey }: Pick<Grouping, "groupKey">, key: string): string {
  return groupKey === undefined ? key : checkedGroup(groupKey, key);
}

/** What all grouped keys of a group begin with, and no others. */
export function groupStart(group: string): string {
  const doubled = (character: string) => ` ${String.fromCharCode(character.charCodeAt(0) + shift)}`;
  return group.replace(lowCharacters, doubled) + groupEnd;
}

/** What all grouped keys of the group of this one begin with. */
export function groupStartOf(key: string): string {
  return key.slice(0, key.indexOf(groupEnd) + groupEnd.length);
}

/** The group of a grouped key. */
export function groupOf(key: string): string {
  const end = key.indexOf(groupEnd);
  return key.slice(0, end).replace(/ ./gs, (two) => String.fromCharCode(two.charCodeAt(1) - shift));
}

/** The key that the app has emitted. */
export function emittedKeyOf({ groupKey, sortValues }: Grouping, key: string): string {
  if (groupKey === undefined) return groupOf(key);
  const order = key.slice(key.indexOf(groupEnd) + groupEnd.length);
  return sortValues === undefined ? order : groupOf(order);
}

/** Writes the bytes of the group of a grouped key, which is in `bytes` too, to its beginning. Returns how many they are. */
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
  throw new TypeError(`groupKey: gave ${shownGiven(group)} for key ${shownKey(key)}; it must give a string`);
}

/** Numbers and bigints come before strings, and these before all else. */
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
    `sortValues: gave ${shown} for a value of key ${shownKey(key)}; it must give a string or a number`,
  );
}

const float = new Float64Array(1);
const bits = new Uint32Array(float.buffer);
/** Which of the two is the high half depends on the machine. */
const high = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0;

/**
 * Sixteen hexadecimal digits in the order of numbers: the bits of the 64-bit float, of a negative number all of them turned
 * round, of another the first.
 */
function numberText(number: number): string {
  float[0] = number + 0; // There is one zero.
  const [upper, lower] = [bits[high] ?? 0, bits[1 - high] ?? 0];
  const turned = upper >>> 31 === 1 ? 0xffff_ffff : 0;
  return hex((upper ^ turned ^ (turned === 0 ? 0x8000_0000 : 0)) >>> 0) + hex((lower ^ turned) >>> 0);
}

/**
 * A text in the order of bigints and numbers: that of the greatest number which is not greater, and behind it, if there is
 * one, the distance to it. All with the same number before them are hexadecimal digits, with how many they are at the front.
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

/** Of bigints below all numbers the one with the larger magnitude comes first. */
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
