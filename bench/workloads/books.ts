import { books as data } from "../data/texts.js";
import * as wordCount from "./word-count.js";
import type { Contender, Workload } from "./workload.js";

/** In the books, only the dash has bytes beyond ASCII that are not letters. */
const noDashes = String.raw`LC_ALL=C sed 's/\xe2\x80\x94/ /g' "$DATA"/*.txt`;

export const books: Workload = {
  name: "books",
  title: "The 8 books",
  about: "Word count of so little text that what is measured is how long a program takes to start and to end.",
  minutes: 0.5,
  contenders() {
    const trMawk = wordCount.trMawk(data);
    return [{ ...wordCount.mr(data), targetSeconds: 0.35 }, withoutDashes(trMawk), wordCount.duckdbPlain(data)];
  },
};

function withoutDashes(trMawk: Contender): Contender {
  return { ...trMawk, name: "sed | tr | mawk", command: trMawk.command.replace('cat "$DATA"/*.txt', noDashes) };
}
