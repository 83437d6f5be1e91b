const slots = 2 ** 16;

/**
 * Draws ranks by Zipf's law: rank r (from 0) with a probability proportional to 1 / (r + 1).
 *
 * The distribution function is cut into 65536 slots of equal probability. The upper half of a random number chooses the
 * slot; the lower half chooses one of its ranks uniformly. A frequent rank fills many slots; in the tail, where
 * neighbours hardly differ, a slot holds many ranks.
 */
export class ZipfRanks {
  /** First rank of a slot, then the number of its ranks: side by side, so that reading them is one memory access. */
  readonly #slots = new Uint32Array(2 * slots);

  /** `ranks` is at most some millions, since the lower half of a random number must distinguish the ranks in a slot. */
  constructor(ranks: number) {
    let total = 0;
    for (let rank = ranks; rank > 0; rank--) total += 1 / rank;
    let rank = 0;
    let weightUpToRank = 1;
    for (let slot = 0; slot < slots; slot++) {
      const first = rank;
      const end = (total * (slot + 1)) / slots;
      while (weightUpToRank <= end && rank < ranks - 1) {
        rank++;
        weightUpToRank += 1 / (rank + 1);
      }
      // A rank that crosses the end of the slot belongs to the next one, unless it is the slot's only rank.
      this.#slots.set([first, slot === slots - 1 ? ranks - first : Math.max(1, rank - first)], 2 * slot);
    }
  }

  /** Maps a random 32-bit integer to a rank. */
  at(random: number): number {
    const slot = (random >>> 16) << 1;
    return (this.#slots[slot] ?? 0) + (((random & 0xffff) * (this.#slots[slot + 1] ?? 0)) >>> 16);
  }
}
