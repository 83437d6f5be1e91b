/** A pseudo-random number generator: mulberry32, by Tommy Ettinger. The same seed gives the same numbers. */
export class Random {
  #state: number;

  /** Only the lowest 32 bits of a seed count. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 up to, but not including, 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `min` to `max`, inclusive. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<Thing>(things: readonly Thing[]): Thing {
    const thing = things[this.integer(0, things.length - 1)];
    if (thing === undefined) throw new Error("nothing to pick from");
    return thing;
  }

  /** Picks one of the names, with probabilities proportional to their weights. */
  pickWeighted<Name extends string>(weights: Readonly<Partial<Record<Name, number>>>): Name {
    const entries = Object.entries(weights) as [Name, number][];
    let rest = this.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      rest -= weight;
      if (rest < 0) return name;
    }
    return this.pick(entries)[0];
  }
}

/** The seed of a job by its number in the run, so that the job can be rerun by itself. */
export function jobSeedOf(runSeed: number, job: number): number {
  return Math.floor(new Random(runSeed ^ Math.imul(job + 1, 0x9e3779b1)).fraction() * 2 ** 32);
}
