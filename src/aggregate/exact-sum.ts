/**
 * A sum of doubles without rounding, so that it does not depend on the order or the grouping of what is added.
 *
 * The sum is kept as three doubles, with the error-free addition of Knuth (TAOCP vol. 2, 4.2.2, theorem C; see also
 * Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates", 1997). What these cannot
 * hold, as with values from 1e-300 to 1e300, goes to an integer of arbitrary length.
 */
import { UnusableValue } from "./unusable-value.js";

/** All doubles are multiples of 2^-1074. */
export const unitExponent = -1074;

/** A sum as JSON: numbers whose exact sum it is, and the digits of a multiple of 2^-1074. Zeros at the end are left out. */
export type StoredSum =
  | readonly [high: number, low: number]
  | readonly [high: number, low: number, tail: number]
  | readonly [high: number, low: number, tail: number, units: string];

export class ExactSum {
  /** The sum is #high + #low + #tail + #units * 2^-1074. */
  #high = 0;
  #low = 0;
  #tail = 0;
  #units = 0n;

  add(value: number): void {
    const high = this.#high + value;
    const part = high - this.#high;
    const error = this.#high - (high - part) + (value - part);
    const low = this.#low + error;
    const lowPart = low - this.#low;
    const rest = this.#low - (low - lowPart) + (error - lowPart);
    if (Number.isNaN(rest)) {
      // The sum is infinite for a double.
      this.#units += inUnits(value);
      return;
    }
    this.#high = high;
    this.#low = low;
    if (rest !== 0) this.#addToTail(rest);
  }

  /** Adds `units` * 2^-1074. */
  addUnits(units: bigint): void {
    this.#units += units;
  }

  addStored([high, low, tail = 0, units]: StoredSum): void {
    this.add(high);
    this.add(low);
    if (tail !== 0) this.add(tail);
    if (units !== undefined) this.#units += BigInt(units);
  }

  /** The sum as a multiple of 2^-1074. */
  units(): bigint {
    return this.#units + inUnits(this.#high) + inUnits(this.#low) + inUnits(this.#tail);
  }

  /** The nearest double, ties to even; infinite beyond the greatest double. */
  rounded(): number {
    // The sum of two doubles is rounded only once.
    if (this.#tail === 0 && this.#units === 0n) return this.#high + this.#low;
    return ratio(this.units(), 1n, unitExponent);
  }

  stored(): StoredSum {
    if (this.#units !== 0n) return [this.#high, this.#low, this.#tail, String(this.#units)];
    return this.#tail === 0 ? [this.#high, this.#low] : [this.#high, this.#low, this.#tail];
  }

  #addToTail(value: number): void {
    const tail = this.#tail + value;
    const part = tail - this.#tail;
    const rest = this.#tail - (tail - part) + (value - part);
    this.#tail = tail;
    if (rest !== 0) this.#units += inUnits(rest);
  }
}

/** Returns what a sum is rounded to; throws an UnusableValue if no double is near it. */
export function requireFinite(sum: number): number {
  if (Number.isFinite(sum)) return sum;
  throw new UnusableValue(`has a sum beyond ${Number.MAX_VALUE}, which a number cannot hold`);
}

const bits = new DataView(new ArrayBuffer(8));

/** Returns a double as a multiple of 2^-1074. */
export function inUnits(value: number): bigint {
  if (value === 0) return 0n;
  bits.setFloat64(0, value);
  const exponent = (bits.getUint16(0) >> 4) & 0x7ff;
  const fraction = bits.getBigUint64(0) & 0xf_ffff_ffff_ffffn;
  const magnitude = exponent === 0 ? fraction : (fraction | 0x10_0000_0000_0000n) << BigInt(exponent - 1);
  return value < 0 ? -magnitude : magnitude;
}

/** Returns `numerator` / `denominator` * 2^`exponent`, rounded once unless it is below 2^-1022. */
export function ratio(numerator: bigint, denominator: bigint, exponent: number): number {
  if (numerator === 0n) return 0;
  const magnitude = numerator < 0n ? -numerator : numerator;
  // A quotient of at least 64 bits. Its last bit stands for all that follow, and so decides only ties.
  const shift = 66 - (bitLength(magnitude) - bitLength(denominator));
  const dividend = shift > 0 ? magnitude << BigInt(shift) : magnitude;
  const divisor = shift < 0 ? denominator << BigInt(-shift) : denominator;
  const quotient = dividend / divisor;
  const rounded = Number(quotient * divisor === dividend ? quotient : quotient | 1n);
  const scaled = scale(rounded, exponent - shift);
  return numerator < 0n ? -scaled : scaled;
}

/** Returns the square root of `numerator` / `denominator` * 2^`exponent`, an even exponent, rounded once. */
export function rootOfRatio(numerator: bigint, denominator: bigint, exponent: number): number {
  if (numerator === 0n) return 0;
  // As in `ratio`, but with twice as many bits under the root.
  const shift = 2 * Math.ceil((132 - (bitLength(numerator) - bitLength(denominator))) / 2);
  const dividend = shift > 0 ? numerator << BigInt(shift) : numerator;
  const divisor = shift < 0 ? denominator << BigInt(-shift) : denominator;
  const square = dividend / divisor;
  const root = integerRoot(square);
  const isExact = root * root === square && square * divisor === dividend;
  return scale(Number(isExact ? root : root | 1n), (exponent - shift) / 2);
}

/** The square root, rounded down, by Newton's method. */
function integerRoot(square: bigint): bigint {
  let root = BigInt(Math.ceil(Math.sqrt(Number(square))));
  for (;;) {
    const next = (root + square / root) >> 1n;
    const difference = next - root;
    root = next;
    if (difference >= -1n && difference <= 1n) break;
  }
  while (root * root > square) root -= 1n;
  while ((root + 1n) ** 2n <= square) root += 1n;
  return root;
}

/** Returns `value` * 2^`exponent`, for a value of about 2^66. */
function scale(value: number, exponent: number): number {
  if (exponent > 1000) return Infinity;
  if (exponent >= -1000) return value * 2 ** exponent;
  return value * 2 ** -1000 * 2 ** Math.max(-1074, exponent + 1000);
}

/** The number of binary digits. */
function bitLength(magnitude: bigint): number {
  const digits = magnitude.toString(16);
  return digits.length * 4 - (Math.clz32(Number.parseInt(digits.charAt(0), 16)) - 28);
}
