/**
 * Finds the k keys with the greatest numbers in what another job has counted: `wc`, `url-count`, `n-grams`...
 *
 *     mr run wc -o counts data/pg-*.txt
 *     mr run top-k --arg k=5 -r 1 counts/mr-out-*
 *
 * Lines of the input are `key number`; others are counted as `malformed lines`. The output has the same lines, the
 * greatest numbers first, equal ones by key; k is 10 unless told otherwise. All of it is in one file.
 */
import type { MapContext, ReduceContext } from "mapreduce-ts";
import { positiveArg } from "./support/positive-arg.js";

type Entry = readonly [key: string, number: number];

/** One call of `map` has a whole split, and hands on no more than the best k of it. */
export const input = "text";

export function map(_filename: string, text: string, ctx: MapContext<readonly Entry[]>): void {
  const best = new Best(positiveArg(ctx.args, "k", 10));
  for (const line of text.split("\n")) {
    const [, key, number] = /^(.*)[ \t](\S+)$/.exec(line.trimEnd()) ?? [];
    if (key !== undefined && Number.isFinite(Number(number))) best.add([key, Number(number)]);
    else if (line !== "") ctx.counter("malformed lines").add();
  }
  ctx.emit("", best.entries());
}

/** All splits have the same key, so this is called once. */
export function reduceStream(_: string, found: Iterable<readonly Entry[]>, ctx: ReduceContext): void {
  const best = new Best(positiveArg(ctx.args, "k", 10));
  for (const entries of found) for (const entry of entries) best.add(entry);
  for (const [key, number] of best.entries()) ctx.emit(key, number);
}

/** The best k of any number of entries, in the memory of 2 k. */
class Best {
  readonly #k: number;
  #candidates: Entry[] = [];
  /** An entry below this one is not among the best. */
  #least = -Infinity;

  constructor(k: number) {
    this.#k = k;
  }

  add(entry: Entry): void {
    if (entry[1] < this.#least) return;
    if (this.#candidates.push(entry) >= 2 * this.#k) this.entries();
  }

  entries(): readonly Entry[] {
    this.#candidates.sort(([a, n], [b, m]) => m - n || Buffer.compare(Buffer.from(a), Buffer.from(b)));
    this.#candidates.length = Math.min(this.#candidates.length, this.#k);
    this.#least = this.#candidates[this.#k - 1]?.[1] ?? -Infinity;
    return this.#candidates;
  }
}
