import type { IntermediateReader } from "./intermediate-reader.js";

/** The prefix of a reader at the end of its file, which comes after every key. */
const atEnd = Infinity;

/**
 * The tournament of a k-way merge, as a tree of losers (Knuth, The Art of Computer Programming, volume 3, section
 * 5.4.1): finds the reader whose line comes first by key and, for equal keys, by its place among the readers. When that
 * reader has moved on, only the log₂ k matches on its way to the root are replayed.
 */
export class ReaderTournament {
  readonly #readers: readonly IntermediateReader[];
  /** The first bytes of each reader's key (see `LineKey`), which decide nearly all matches. */
  readonly #prefixes: Float64Array;
  /** Readers by number: the overall winner at 0, and from 1 on the loser of each match. −1: not played yet. */
  readonly #tree: Int32Array;

  /** All readers must be before their first lines. */
  constructor(readers: readonly IntermediateReader[]) {
    this.#readers = readers;
    this.#prefixes = Float64Array.from(readers, (reader) => (reader.nextLine() ? reader.key.prefix : atEnd));
    this.#tree = new Int32Array(Math.max(1, readers.length)).fill(-1);
    for (let reader = 0; reader < readers.length; reader++) this.#enter(reader);
  }

  /** The reader whose line comes first; undefined when all have ended. */
  get first(): IntermediateReader | undefined {
    const first = this.#tree[0] ?? -1;
    return this.#prefixes[first] === atEnd ? undefined : this.#readers[first];
  }

  /** To be called when the first reader has moved on to a line with another key, or to its end. */
  firstHasMoved(isAtEnd: boolean): void {
    const moved = this.#tree[0] ?? 0;
    this.#prefixes[moved] = isAtEnd ? atEnd : (this.#readers[moved]?.key.prefix ?? atEnd);
    this.#enter(moved);
  }

  /** Plays the matches from the reader's leaf to the root, or to the first match that still lacks an opponent. */
  #enter(reader: number): void {
    const tree = this.#tree;
    let winner = reader;
    for (let node = (reader + tree.length) >> 1; node > 0; node >>= 1) {
      const opponent = tree[node] ?? -1;
      if (opponent >= 0 && this.#isBefore(winner, opponent)) continue;
      tree[node] = winner;
      winner = opponent;
      if (opponent < 0) return;
    }
    tree[0] = winner;
  }

  #isBefore(a: number, b: number): boolean {
    const prefixA = this.#prefixes[a] ?? atEnd;
    const prefixB = this.#prefixes[b] ?? atEnd;
    if (prefixA !== prefixB) return prefixA < prefixB;
    if (prefixA === atEnd) return a < b;
    const keyB = this.#readers[b]?.key;
    const order = keyB === undefined ? 0 : (this.#readers[a]?.key.compare(keyB) ?? 0);
    return order < 0 || (order === 0 && a < b);
  }
}
