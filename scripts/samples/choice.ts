import { Random } from "../corpus/random.js";
import { ZipfRanks } from "../corpus/zipf.js";

/** Chooses among things, the same ones for the same seed on every machine. */
export class Choice {
  readonly #random: Random;
  readonly #ranks = new Map<number, ZipfRanks>();

  /** Choices of the same seed and another stream are independent. */
  constructor(seed: number, stream: number) {
    this.#random = new Random(seed, stream);
  }

  /** A whole number from 0 up to and without `end`, all alike. */
  below(end: number): number {
    return Math.floor((this.#random.next() / 2 ** 32) * end);
  }

  /** One of them, all alike. */
  of<Thing>(things: readonly Thing[]): Thing {
    return this.#at(things, this.below(things.length));
  }

  /** One of them, the first ones more often, by Zipf's law. */
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
