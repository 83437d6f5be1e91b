import type { Random } from "./random.js";

/** An input file of a job. */
export interface Input {
  /** The name on the command line. */
  readonly name: string;
  readonly text: string;
}

export interface InputShape {
  readonly files: number;
  /** The approximate total size of all files. */
  readonly sizeBytes: number;
  /** Whether there are lines that `bad-records` rejects; they begin with BAD. */
  readonly badLines: number;
}

/** Letters of one, two, three and four bytes in UTF-8: first and last code point. */
const alphabets = [
  [0x61, 0x7a],
  [0x61, 0x7a],
  [0x41, 0x5a],
  [0x3b1, 0x3c9],
  [0x430, 0x44f],
  [0x4e00, 0x4fff],
  [0x10400, 0x1044f],
] as const;

/** What separates words: neither letters nor line breaks. */
const gaps = [
  " ",
  " ",
  " ",
  " ",
  " ",
  ", ",
  ". ",
  "'",
  "-",
  " 42 ",
  "\t",
  "\u{301}",
  " \u{1f40b} ",
  "\u{a0}",
  "_",
  "  ",
];

/** Generates texts with all kinds of lines: CRLF and LF, empty lines, files without a final newline, empty files. */
export function makeInputs(random: Random, { files, sizeBytes, badLines }: InputShape): Input[] {
  const vocabulary = makeVocabulary(random, random.integer(50, 8000));
  // Some files are much larger than others.
  const shares = Array.from({ length: files }, () => (random.chance(0.1) ? 0 : random.fraction() ** 2 + 0.01));
  const sum = shares.reduce((total, share) => total + share, 0);
  const inputs = shares.map((share, index) => {
    const lines = makeLines(random, vocabulary, sum === 0 ? 0 : (sizeBytes * share) / sum);
    return { name: `in/file-${index}.txt`, lines };
  });
  for (let made = 0; made < badLines; made++) {
    const { lines } = random.pick(inputs);
    const bad = `BAD ${random.pick(["throws", "exits"])} ${made} ${random.pick(vocabulary)}`;
    lines.splice(random.integer(0, lines.length), 0, bad);
  }
  return inputs.map(({ name, lines }) => ({ name, text: joined(random, lines) }));
}

function makeVocabulary(random: Random, count: number): string[] {
  return Array.from({ length: count }, () => {
    const [first, last] = random.pick(alphabets);
    const length = random.chance(0.01) ? random.integer(50, 300) : random.integer(1, 10);
    return String.fromCodePoint(...Array.from({ length }, () => random.integer(first, last)));
  });
}

function makeLines(random: Random, vocabulary: readonly string[], sizeBytes: number): string[] {
  const lines: string[] = [];
  for (let bytes = 0; bytes < sizeBytes;) {
    let line = "";
    for (let words = random.chance(0.05) ? 0 : random.integer(1, 25); words > 0; words--) {
      // A few words are frequent, as in a language.
      line += vocabulary[Math.floor(vocabulary.length * random.fraction() ** 3)] ?? "";
      line += random.pick(gaps);
    }
    lines.push(line);
    bytes += Buffer.byteLength(line) + 1;
  }
  return lines;
}

function joined(random: Random, lines: readonly string[]): string {
  if (lines.length === 0) return "";
  const ending = random.chance(0.3) ? "\r\n" : "\n";
  return lines.join(ending) + (random.chance(0.3) ? "" : ending);
}
