/**
 * The binary heap of a k-way merge (Knuth, The Art of Computer Programming, volume 3, section 5.4.1): orders sources by
 * their next element, with the first at the root. The merge does not remove and reinsert elements: a source moves on in
 * place, and sinks to its new position.
 */
export class MergeHeap<Source> {
  readonly #sources: Source[];
  readonly #isBefore: (a: Source, b: Source) => boolean;

  /** `isBefore` must order any two sources, ties included: it says whose element comes first in the result. */
  constructor(sources: readonly Source[], isBefore: (a: Source, b: Source) => boolean) {
    this.#sources = [...sources];
    this.#isBefore = isBefore;
    for (let root = this.#sources.length >> 1; root >= 0; root--) this.#siftDown(root);
  }

  /** The source whose element comes first; undefined when the heap is empty. */
  get first(): Source | undefined {
    return this.#sources[0];
  }

  /** To be called when the first source has moved on to its next element. */
  firstHasMoved(): void {
    this.#siftDown(0);
  }

  /** Removes the first source, which has no further element. */
  removeFirst(): void {
    const last = this.#sources.pop();
    if (last === undefined || this.#sources.length === 0) return;
    this.#sources[0] = last;
    this.#siftDown(0);
  }

  /** Restores the heap below `root`, whose source may come after its children. */
  #siftDown(root: number): void {
    const sources = this.#sources;
    const sinking = sources[root];
    if (sinking === undefined) return;
    for (let hole = root; ;) {
      let child = 2 * hole + 1;
      let smallest = sources[child];
      const right = sources[child + 1];
      if (smallest !== undefined && right !== undefined && this.#isBefore(right, smallest)) {
        smallest = right;
        child++;
      }
      if (smallest === undefined || !this.#isBefore(smallest, sinking)) {
        sources[hole] = sinking;
        return;
      }
      sources[hole] = smallest;
      hole = child;
    }
  }
}
