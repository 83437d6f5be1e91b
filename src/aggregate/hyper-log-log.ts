/**
 * HyperLogLog: an estimate of the number of distinct values in 2^precision small registers. Each register keeps the
 * longest run of zeros that a hash of its values begins with (Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog: the
 * analysis of a near-optimal cardinality estimation algorithm", 2007).
 *
 * The estimate from the registers is Ertl's, which needs no correction for small numbers (Otmar Ertl, "New cardinality
 * estimation algorithms for HyperLogLog sketches", 2017, algorithm 6). While there are few values, their hashes are
 * kept themselves, as in HyperLogLog++ (Heule, Nunkesser, Hall, 2013).
 *
 * The state depends only on the set of values that were added, not on their order.
 */
import murmurhash from "murmurhash";
import type { Scalar } from "./scalar.js";

export const precisionMin = 10;
export const precisionMax = 18;

/** The bits of a hash, an integer made from two hashes of 32 bits. */
const hashBits = 53;
const secondBits = hashBits - 32;

/** A register in a string is one character. JSON escapes none of these characters. */
const characterOfZero = 35;

/** All hashes in ascending order, or the registers as a string. */
export type StoredHyperLogLog = readonly number[] | string;

export class HyperLogLog {
  readonly #precision: number;
  readonly #hashesMax: number;
  readonly #hashes = new Set<number>();
  /** Undefined while there are few hashes. */
  #registers: Uint8Array | undefined;

  constructor(precision: number) {
    this.#precision = precision;
    this.#hashesMax = 2 ** precision / 16;
  }

  /** An estimate of the memory in use. */
  get bytes(): number {
    return 200 + (this.#registers?.length ?? 40 * this.#hashes.size);
  }

  add(value: Scalar): void {
    this.#addHash(hashOf(value));
  }

  addStored(stored: StoredHyperLogLog): void {
    if (typeof stored !== "string") {
      for (const hash of stored) this.#addHash(hash);
      return;
    }
    const registers = this.#dense();
    for (let index = 0; index < registers.length; index++) {
      const rank = stored.charCodeAt(index) - characterOfZero;
      if (rank > (registers[index] ?? 0)) registers[index] = rank;
    }
  }

  stored(): StoredHyperLogLog {
    if (this.#registers === undefined) return [...this.#hashes].sort((a, b) => a - b);
    return Buffer.from(this.#registers.map((rank) => rank + characterOfZero)).toString("latin1");
  }

  estimate(): number {
    return this.#registers === undefined ? this.#hashes.size : Math.round(estimateOf(this.#registers, this.#maxRank));
  }

  get #maxRank(): number {
    return hashBits - this.#precision + 1;
  }

  #addHash(hash: number): void {
    if (this.#registers !== undefined) {
      this.#register(this.#registers, hash);
      return;
    }
    this.#hashes.add(hash);
    if (this.#hashes.size > this.#hashesMax) this.#dense();
  }

  /** The registers, to which all hashes have been added. */
  #dense(): Uint8Array {
    if (this.#registers !== undefined) return this.#registers;
    const registers = new Uint8Array(2 ** this.#precision);
    for (const hash of this.#hashes) this.#register(registers, hash);
    this.#hashes.clear();
    this.#registers = registers;
    return registers;
  }

  #register(registers: Uint8Array, hash: number): void {
    const precision = this.#precision;
    const first = Math.floor(hash / 2 ** secondBits);
    const index = first >>> (32 - precision);
    const rest = (first << precision) >>> 0;
    let rank: number;
    if (rest !== 0) {
      rank = Math.clz32(rest) + 1;
    } else {
      const second = hash % 2 ** secondBits;
      rank = 32 - precision + Math.clz32(second) - (32 - secondBits) + 1;
    }
    if (rank > (registers[index] ?? 0)) registers[index] = rank;
  }
}

const encoder = new TextEncoder();
let scratch = new Uint8Array(256);

/** Values of different types differ, and so their hashes have other seeds. */
function hashOf(value: Scalar): number {
  const text = String(value);
  if (scratch.length < 3 * text.length) scratch = new Uint8Array(6 * text.length);
  const bytes = scratch.subarray(0, encoder.encodeInto(text, scratch).written);
  const seed = seeds[typeof value] ?? 0;
  return murmurhash.v3(bytes, seed) * 2 ** secondBits + (murmurhash.v3(bytes, seed + 1) >>> (32 - secondBits));
}

const seeds: Readonly<Record<string, number>> = { string: 1, number: 3, bigint: 5, boolean: 7, object: 9 };

function estimateOf(registers: Uint8Array, maxRank: number): number {
  const { length } = registers;
  const counts = new Array<number>(maxRank + 1).fill(0);
  for (const rank of registers) counts[rank] = (counts[rank] ?? 0) + 1;
  let z = length * tau(1 - (counts[maxRank] ?? 0) / length);
  for (let rank = maxRank - 1; rank >= 1; rank--) z = (z + (counts[rank] ?? 0)) / 2;
  z += length * sigma((counts[0] ?? 0) / length);
  return length ** 2 / (2 * Math.LN2 * z);
}

/** x + Σ x^(2^k) 2^(k - 1) for k from 1 on. */
function sigma(x: number): number {
  if (x === 1) return Infinity;
  let [power, factor, sum] = [x, 1, x];
  for (;;) {
    power *= power;
    const next = sum + power * factor;
    if (next === sum) return sum;
    sum = next;
    factor *= 2;
  }
}

/** (1 - x - Σ (1 - x^(2^-k))² 2^-k) / 3 for k from 1 on. */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let [root, factor, sum] = [x, 1, 1 - x];
  for (;;) {
    root = Math.sqrt(root);
    factor /= 2;
    const next = sum - (1 - root) ** 2 * factor;
    if (next === sum) return sum / 3;
    sum = next;
  }
}
