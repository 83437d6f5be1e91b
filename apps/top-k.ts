/**
 * Finds the k keys with the greatest numbers in what another job has counted: `wc`, `url-count`, `n-grams`...
 *
 *     mr pipeline wc top-k --arg k=5 --input data/pg-*.txt
 *     mr run wc --output-format jsonl -o counts data/pg-*.txt && mr run top-k --arg k=5 -r 1 counts/mr-out-*
 *
 * Values that are no numbers are counted, and left out. The output is `key number`, the greatest numbers first, equal ones
 * by key; k is 10 unless told otherwise. All of it is in one file.
 */
import type { HookContext, JsonValue, MapContext, ReduceContext } from "mapreduce-ts";
import { compareCodePoints } from "./support/code-points.js";
import { positiveArg } from "./support/positive-arg.js";

type Entry = readonly [key: string, number: number | bigint];

/** As it travels: the digits of a bigint, which JSON cannot hold within an array. */
type StoredEntry = readonly [key: string, number: number | string];

/** The pairs that another job has made, as JSON Lines. */
export const input = "pairs";
export const args = ["k"];

/** As a step of a pipeline it has one reduce task, however many the others have. */
export const reducers = 1;

let best: Best;

export function setup(ctx: HookContext<readonly StoredEntry[]>): void {
  best = new Best(positiveArg(ctx.args, "k", 10));
}

export function map(key: string, value: JsonValue, ctx: MapContext<readonly StoredEntry[]>): void {
  if (typeof value === "number" || typeof value === "bigint") best.add([key, value]);
  else ctx.counter("values that are no numbers").add();
}

/** No more than the best k of a map task travels. */
export function teardown(ctx: HookContext<readonly StoredEntry[]>): void {
  if (ctx.kind === "map") ctx.emit("", best.entries().map(stored));
}

/** All map tasks have the same key, so this is called once. */
export function reduceStream(_: string, found: Iterable<readonly StoredEntry[]>, ctx: ReduceContext): void {
  for (const entries of found) for (const entry of entries) best.add(restored(entry));
  for (const [key, number] of best.entries()) ctx.emit(key, number);
}

function stored([key, number]: Entry): StoredEntry {
  return [key, typeof number === "bigint" ? String(number) : number];
}

function restored([key, number]: StoredEntry): Entry {
  return [key, typeof number === "string" ? BigInt(number) : number];
}

/** The best k of any number of entries, in the memory of 2 k. */
class Best {
  readonly #k: number;
  #candidates: Entry[] = [];
  /** An entry below this one is not among the best. */
  #least: number | bigint = -Infinity;

  constructor(k: number) {
    this.#k = k;
  }

  add(entry: Entry): void {
    if (entry[1] < this.#least) return;
    if (this.#candidates.push(entry) >= 2 * this.#k) this.entries();
  }

  entries(): readonly Entry[] {
    this.#candidates.sort(([a, n], [b, m]) => (n < m ? 1 : n > m ? -1 : compareCodePoints(a, b)));
    this.#candidates.length = Math.min(this.#candidates.length, this.#k);
    this.#least = this.#candidates[this.#k - 1]?.[1] ?? -Infinity;
    return this.#candidates;
  }
}
