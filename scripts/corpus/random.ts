/**
 * A seeded stream of 32-bit integers: sfc32 of Chris Doty-Humphrey's PractRand ("small fast counting", 128 bits of
 * state). It uses integer arithmetic only, so it gives the same numbers on every machine.
 */
export class Random {
  // A typed array, since each step would allocate numbers beyond 31 bits in plain fields.
  readonly #state: Int32Array;

  /** Streams with another seed or another number are independent. Both arguments are below 2 ** 53. */
  constructor(seed: number, stream: number) {
    const high = (n: number): number => Math.floor(n / 2 ** 32);
    this.#state = Int32Array.of(seed | 0, high(seed) ^ (high(stream) << 16), stream | 0, 1);
    for (let i = 0; i < 16; i++) this.next();
  }

  /** The next integer, 0 … 2 ** 32 − 1. */
  next(): number {
    const state = this.#state;
    const a = state[0] ?? 0;
    const b = state[1] ?? 0;
    const c = state[2] ?? 0;
    const counter = state[3] ?? 0;
    const sum = (((a + b) | 0) + counter) | 0;
    state[0] = b ^ (b >>> 9);
    state[1] = (c + (c << 3)) | 0;
    state[2] = (((c << 21) | (c >>> 11)) + sum) | 0;
    state[3] = (counter + 1) | 0;
    return sum >>> 0;
  }
}
