import { makeBooks } from "../../scripts/make-books.js";
import { Random } from "../../scripts/corpus/random.js";
import { fillEnd, makeLanguage, Text } from "../../scripts/corpus/text.js";
import { writeCorpus } from "../../scripts/corpus/write-corpus.js";
import { writeParts, type DataSet } from "./data-set.js";

const seed = 1;
const [smallBytesMin, smallBytesMax] = [2_000, 10_000] as const;

/** The text that `scripts/make-corpus.ts` makes from these options. */
export function corpus(bytes: number, files: number): DataSet {
  return {
    name: `corpus-${bytes}-${files}`,
    about: `${(bytes / 2 ** 20).toFixed()} MiB of text in ${files === 1 ? "one file" : `${files} files`}`,
    async make(directory, signal) {
      await writeCorpus({ directory, bytes, files, seed, signal });
    },
  };
}

/** Many files with 2 to 10 kB of the same kind of text. */
export function smallFiles(files: number): DataSet {
  return {
    name: `small-files-${files}`,
    about: `${files} files of 2 to 10 kB of text`,
    make: (directory, signal) => writeParts(directory, "small", smallTexts(files), signal),
  };
}

/** The small files, each in one block. */
export function* smallTexts(files: number): Generator<[Uint8Array]> {
  const language = makeLanguage();
  const random = new Random(seed, 2 ** 40);
  for (let number = 0; number < files; number++) {
    const bytes = smallBytesMin + (random.next() % (smallBytesMax - smallBytesMin + 1));
    const contents = new Uint8Array(bytes);
    const filled = new Text(language, seed, number).fill(new DataView(contents.buffer));
    fillEnd(contents.subarray(filled));
    yield [contents];
  }
}

/** The eight books of the examples and tests. */
export const books: DataSet = {
  name: "books",
  about: "*Moby Dick* in 8 files, 1.2 MB",
  async make(directory) {
    await makeBooks(directory);
  },
};
