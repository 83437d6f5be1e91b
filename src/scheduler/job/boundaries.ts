import type { BoundariesPage } from "../../model/assignment.js";
import type { JobState } from "./job.js";

/** The page size for listing boundaries. Even the longest boundaries fit in a message. */
const pageBoundariesMax = 1000;

/** Keys that were sampled together, and the number of pairs they represent. */
export interface KeySample {
  readonly keys: readonly string[];
  readonly pairs: number;
}

/** The partition boundaries computed from the completed sample tasks. */
export function findBoundaries({ samples, settings }: JobState): string[] {
  const found = samples.map(({ commit }) => ({ keys: commit?.sampled ?? [], pairs: commit?.done.recordsOut ?? 0 }));
  return boundariesOf(found, settings.reducers);
}

/** One page of the boundaries, starting with number `from`. */
export function listBoundaries({ boundaries }: JobState, from: number): BoundariesPage {
  const next = from + pageBoundariesMax;
  return { boundaries: boundaries.slice(from, next), ...(next < boundaries.length ? { next } : {}) };
}

/**
 * Returns the keys at which partitions 1, 2, … begin, in ascending order, chosen so that the partitions get about
 * equally many pairs. A key belongs to the last partition that begins at or before it. Each sampled key counts for the
 * pairs it represents. After each partition, the remaining pairs are divided among the remaining partitions, so that a
 * key with very many pairs does not unbalance the others. Boundaries are distinct: with fewer keys than partitions, the
 * last partitions are empty.
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

/** Compares by code points, the order of UTF-8; a lone surrogate is a code point of its own. */
function compareKeys(a: string, b: string): number {
  const common = Math.min(a.length, b.length);
  let at = 0;
  while (at < common && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  if (at === common) return a.length - b.length;
  // If either key has the second half of a surrogate pair here, the character begins before it.
  const isInPair = [a, b].some((key) => (key.codePointAt(at - 1) ?? 0) > 0xffff);
  const character = isInPair ? at - 1 : at;
  return (a.codePointAt(character) ?? 0) - (b.codePointAt(character) ?? 0);
}
