/** Up to here a slab grows by doubling; beyond, it gets all the room that the budget allows at once. */
const doublingBytesMax = 16 * 1024 * 1024;

/** The first length of a slab. */
export const slabBytesMin = 64 * 1024;

/**
 * A slab with room for `words` words that begins with the first `used` words of `old`.
 *
 * A long slab gets `reserveBytes` so that it is never copied again. That is only address space: the system backs a page
 * with memory when it is first written, so only words in use count against the budget.
 */
export function grownSlab(old: Int32Array, used: number, words: number, reserveBytes: number): Int32Array {
  const doubled = Math.max(words, old.length * 2);
  const length = doubled * 4 <= doublingBytesMax ? doubled : Math.max(words, Math.ceil(reserveBytes / 4));
  const slab = new Int32Array(length);
  slab.set(old.subarray(0, used));
  return slab;
}
