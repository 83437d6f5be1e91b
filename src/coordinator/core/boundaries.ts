import type { ResultOf } from "../../rpc/protocol.js";
import type { State } from "./model.js";

/** So many boundaries are listed at a time: the longest of them fit into a message. */
const pageBoundariesMax = 1000;

/** Some keys that were found together, and how many pairs they stand for. */
export interface KeySample {
  readonly keys: readonly string[];
  readonly pairs: number;
}

/** The boundaries of the partitions as the completed sample tasks want them. */
export function findBoundaries({ samples, settings }: State): string[] {
  const found = samples.map(({ commit }) => ({ keys: commit?.sampled ?? [], pairs: commit?.done.recordsOut ?? 0 }));
  return boundariesOf(found, settings.reducers);
}

/** One page of the boundaries, from number `from` on. */
export function listBoundaries({ boundaries }: State, from: number): ResultOf<"ListBoundaries"> {
  const next = from + pageBoundariesMax;
  return { boundaries: boundaries.slice(from, next), ...(next < boundaries.length ? { next } : {}) };
}

/**
 * The keys at which partitions 1, 2, … begin, in ascending order, so that each partition gets about as many pairs as the
 * others (a key belongs to the last partition that begins at or before it). Each sampled key counts as many pairs as it
 * stands for. What is left after one partition is shared among those that come, so that a key with very many pairs takes
 * nothing from the balance of the others. No two boundaries are the same: with fewer keys than partitions the last
 * partitions are empty.
 */
export function boundariesOf(samples: readonly KeySample[], reducers: number): string[] {
  const weighted = samples.flatMap(({ keys, pairs }) => keys.map((key) => ({ key, weight: pairs / keys.length })));
  weighted.sort((a, b) => compareKeys(a.key, b.key));
  let left = weighted.reduce((sum, { weight }) => sum + weight, 0);
  let taken = 0;
  let previous: string | undefined;
  const boundaries: string[] = [];
  for (const { key, weight } of weighted) {
    const partitionsLeft = reducers - boundaries.length;
    if (previous !== undefined && key !== previous && partitionsLeft > 1 && taken >= left / partitionsLeft) {
      boundaries.push(key);
      left -= taken;
      taken = 0;
    }
    taken += weight;
    previous = key;
  }
  return boundaries;
}

/** By code points, which is the order of UTF-8; a lone surrogate is a code point of its own. */
function compareKeys(a: string, b: string): number {
  const common = Math.min(a.length, b.length);
  let at = 0;
  while (at < common && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  if (at === common) return a.length - b.length;
  // Where one of them has the second half of a pair, the character begins before it.
  const isInPair = [a, b].some((key) => (key.codePointAt(at - 1) ?? 0) > 0xffff);
  const character = isInPair ? at - 1 : at;
  return (a.codePointAt(character) ?? 0) - (b.codePointAt(character) ?? 0);
}
