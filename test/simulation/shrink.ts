import { simulate } from "./simulation.js";

/**
 * The fewest faults with which the simulation of a seed still fails, as the numbers of those that are left out: faults are
 * left out half of them at a time, then a quarter, and so on (delta debugging, Zeller 1999).
 */
export function shrink(seed: number): Set<number> {
  const { faults } = simulate(seed);
  let kept = [...faults.keys()];
  const fails = (some: readonly number[]) => simulate(seed, without(faults.length, some)).failure !== undefined;
  if (fails([])) return without(faults.length, []);
  for (let pieces = 2; kept.length > 1;) {
    const size = Math.ceil(kept.length / pieces);
    const smaller = pieceStarts(kept.length, size)
      .map((start) => [...kept.slice(0, start), ...kept.slice(start + size)])
      .find(fails);
    if (smaller !== undefined) {
      kept = smaller;
      pieces = Math.max(2, pieces - 1);
    } else if (size === 1) break;
    else pieces = Math.min(kept.length, pieces * 2);
  }
  return without(faults.length, kept);
}

function pieceStarts(length: number, size: number): number[] {
  return Array.from({ length: Math.ceil(length / size) }, (_, index) => index * size);
}

function without(count: number, kept: readonly number[]): Set<number> {
  return new Set(Array.from({ length: count }, (_, index) => index).filter((index) => !kept.includes(index)));
}
