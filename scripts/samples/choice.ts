import { Random } from "../corpus/random.js";
import { ZipfRanks } from "../corpus/zipf.js";

/** Makes random choices, the same for a given seed on every machine. */
export class Choice {
  readonly #random: Random;
  readonly #ranks = new Map<number, ZipfRanks>();

  /** Streams with the same seed are independent. */
  constructor(seed: number, stream: number) {
    this.#random = new Random(seed, stream);
  }

  /** A whole number, at least 0 and less than `end`, uniformly distributed. */
  below(end: number): number {
    return Math.floor((this.#random.next() / 2 ** 32) * end);
  }

  /** One of the things, uniformly. */
  of<Thing>(things: readonly Thing[]): Thing {
    return this.#at(things, this.below(things.length));
  }

  /** One of the things, by Zipf's law: the first ones more often. */
  mostlyFirstOf<Thing>(things: readonly Thing[]): Thing {
    let ranks = this.#ranks.get(things.length);
    if (ranks === undefined) this.#ranks.set(things.length, (ranks = new ZipfRanks(things.length)));
    return this.#at(things, ranks.at(this.#random.next()));
  }

  #at<Thing>(things: readonly Thing[], index: number): Thing {
    if (index >= things.length) throw new RangeError("nothing to choose from");
    return things[index] as Thing;
  }
}
