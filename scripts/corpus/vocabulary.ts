import { Random } from "./random.js";

/**
 * A list of distinct words, in order of their frequency: word i is in the 16 bytes from 16 · i on, its length in the
 * first byte and then the word in UTF-8. So reading a word is one memory access, and it can be copied in steps of eight
 * bytes.
 */
export type Vocabulary = DataView;

export const wordPitch = 16;

const consonants = "bcdfghjklmnpqrstvwxz";
const vowels = "aeiou";

/**
 * Every hundredth word has letters beyond ASCII: accents, Greek and Cyrillic in turn. No two letters become the same.
 */
const alphabets = [
  { from: "aeioucnsz", to: "áéíóúčñšž" },
  { from: consonants + vowels, to: "βψδφγηξκλμνπθρστςχζωαειου" },
  { from: consonants + vowels, to: "бцдфгхйклмнпщрствшжзаеиоу" },
].map(({ from, to }) => new Map(Array.from(from, (letter, i) => [letter, to.charAt(i)])));

/** Each takes two bytes, so seven fit. */
const transcribedLettersMax = 7;

/**
 * The smallest and largest number of letters for words at places 2 ** i … 2 ** (i + 1) − 1: frequent words are short.
 */
// prettier-ignore
const lengths = [
  [2, 2], [1, 2], [2, 3], [2, 3], [2, 4], [2, 5], [3, 5], [3, 5], [3, 6], [3, 7],
  [3, 7], [4, 7], [4, 8], [5, 8], [5, 8], [5, 9], [5, 10], [6, 10], [6, 11], [6, 12],
] as const;

/**
 * Makes `size` words (at most 2 ** 20 − 1), the same ones every time.
 *
 * A rule turns each place in the list into a word and never makes the same word twice, so earlier words need not be
 * kept and searched. Vowels and consonants alternate, which makes the words of one length the numbers of a mixed radix;
 * the rule counts through them in steps that share no factor with the radix, so that neighbours in the list do not look
 * alike.
 */
export function makeVocabulary(size: number): Vocabulary {
  // Eight bytes more, for copying the last word in steps of eight.
  const slab = Buffer.alloc(size * wordPitch + 8);
  const random = new Random(0, 0);
  const madeOfLength = new Uint32Array(wordPitch);
  for (let i = 0; i < size; i++) {
    const [fewest, most] = lengths[31 - Math.clz32(i + 1)] ?? [6, 12];
    const transcribed = i % 100 === 50;
    const drawn = fewest + (random.next() % (most - fewest + 1));
    const length = transcribed ? Math.min(drawn, transcribedLettersMax) : drawn;
    const serial = madeOfLength[length] ?? 0;
    madeOfLength[length] = serial + 1;
    const at = i * wordPitch;
    slab[at] = length;
    spell(serial, slab, at + 1, length);
    if (transcribed) {
      const word = slab.toString("latin1", at + 1, at + 1 + length);
      slab[at] = slab.write(transcribe(word, Math.floor(i / 100) % alphabets.length), at + 1);
    }
  }
  return new DataView(slab.buffer, slab.byteOffset, slab.length);
}

/** Writes the word with that length and serial number: even ones begin with a vowel, odd ones with a consonant. */
function spell(serial: number, slab: Uint8Array, at: number, length: number): void {
  const first = serial % 2 === 0 ? vowels : consonants;
  const second = serial % 2 === 0 ? consonants : vowels;
  let words = 1; // how many there are of this length and beginning
  for (let i = 0; i < length; i++) words *= i % 2 === 0 ? first.length : second.length;
  // The radices 5 and 20 have only the factors 2 and 5, so steps that end in 7 meet every number once.
  const step = Math.floor(Math.min(words, 1e9) * 0.0618) * 10 + 7;
  let code = (Math.floor(serial / 2) * step) % words;
  for (let i = 0; i < length; i++) {
    const letters = i % 2 === 0 ? first : second;
    const rest = Math.floor(code / letters.length);
    slab[at + i] = letters.charCodeAt(code - rest * letters.length);
    code = rest;
  }
}

function transcribe(word: string, alphabet: number): string {
  return Array.from(word, (letter) => alphabets[alphabet]?.get(letter) ?? letter).join("");
}
