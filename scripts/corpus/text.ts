import { Random } from "./random.js";
import { makeVocabulary, wordPitch, type Vocabulary } from "./vocabulary.js";
import { ZipfRanks } from "./zipf.js";

/** With this many words, 256 MiB of text hold about a million distinct ones, counting capitalised words separately. */
const vocabularySize = 640_000;

/** How many words are drawn at a time, so that their memory accesses overlap. */
const drawnWords = 128;

/** A step writes a word, its punctuation, a newline or space, and perhaps a blank line. */
const stepBytesMax = wordPitch + 3;

const [newline, space, comma, fullStop, questionMark, exclamationMark] = [10, 32, 44, 46, 63, 33] as const;

/** The part that all texts share: the words and their frequencies. It takes a moment to make. */
export interface Language {
  readonly vocabulary: Vocabulary;
  readonly ranks: ZipfRanks;
}

export function makeLanguage(): Language {
  return { vocabulary: makeVocabulary(vocabularySize), ranks: new ZipfRanks(vocabularySize) };
}

/**
 * An endless text: words by Zipf's law in clauses of 3 to 10, clauses in sentences, sentences in paragraphs, lines of
 * about 70 bytes. Only its two numbers determine the text, not the sizes in which it is read.
 */
export class Text {
  readonly #language: Language;
  readonly #wordRandom: Random;
  readonly #markRandom: Random;
  /** Where the words that are drawn but not yet written are in the vocabulary. */
  readonly #words = new Uint32Array(drawnWords);
  #nextWord = drawnWords;
  #wordsLeftInClause = 5;
  #sentencesLeftInParagraph = 5;
  #bytesLeftInLine = 70;
  #sentenceBegins = true;

  constructor(language: Language, seed: number, number: number) {
    this.#language = language;
    this.#wordRandom = new Random(seed, 2 * number);
    this.#markRandom = new Random(seed, 2 * number + 1);
  }

  /**
   * Writes the next part of the text into `target` until another step might not fit, and returns how many bytes it
   * wrote.
   */
  fill(target: DataView): number {
    const { vocabulary } = this.#language;
    const words = this.#words;
    // Local variables, because this loop decides how fast a corpus is made.
    let nextWord = this.#nextWord;
    let wordsLeftInClause = this.#wordsLeftInClause;
    let sentencesLeftInParagraph = this.#sentencesLeftInParagraph;
    let bytesLeftInLine = this.#bytesLeftInLine;
    let sentenceBegins = this.#sentenceBegins;

    const last = target.byteLength - stepBytesMax;
    let at = 0;
    while (at <= last) {
      if (nextWord === drawnWords) {
        this.#drawWords();
        nextWord = 0;
      }
      const begin = at;
      const word = words[nextWord++] ?? 0;
      // Always copies the longest word's length: a loop up to the length would be hard to predict, and slower. Numbers
      // keep the bytes unchanged unless they are NaN, which would take a byte 7F or FF.
      target.setFloat64(at, vocabulary.getFloat64(word + 1, true), true);
      target.setFloat64(at + 8, vocabulary.getFloat64(word + 9, true), true);
      at += vocabulary.getUint8(word);
      if (sentenceBegins) {
        sentenceBegins = false;
        const letter = target.getUint8(begin);
        if (letter < 128) target.setUint8(begin, letter - 32);
      }
      if (--wordsLeftInClause === 0) {
        const choice = this.#markRandom.next();
        wordsLeftInClause = 3 + (choice & 7);
        sentenceBegins = (choice & 8) !== 0;
        target.setUint8(at++, sentenceBegins ? sentenceMark((choice >>> 4) & 15) : comma);
        if (sentenceBegins && --sentencesLeftInParagraph <= 0) {
          sentencesLeftInParagraph = 3 + ((choice >>> 8) & 7);
          bytesLeftInLine = 0;
          target.setUint8(at++, newline);
        }
      }
      bytesLeftInLine -= at + 1 - begin;
      if (bytesLeftInLine > 0) {
        target.setUint8(at++, space);
      } else {
        bytesLeftInLine = 62 + ((word >>> 4) & 15);
        target.setUint8(at++, newline);
      }
    }

    this.#nextWord = nextWord;
    this.#wordsLeftInClause = wordsLeftInClause;
    this.#sentencesLeftInParagraph = sentencesLeftInParagraph;
    this.#bytesLeftInLine = bytesLeftInLine;
    this.#sentenceBegins = sentenceBegins;
    return at;
  }

  #drawWords(): void {
    const { vocabulary, ranks } = this.#language;
    let touched = 0;
    for (let i = 0; i < drawnWords; i++) {
      const word = ranks.at(this.#wordRandom.next()) * wordPitch;
      this.#words[i] = word;
      touched |= vocabulary.getUint8(word);
    }
    // Uses the value, so that the compiler keeps the access that brings the word into the cache.
    if (touched === 0) throw new Error("the vocabulary has no words");
  }
}

function sentenceMark(choice: number): number {
  if (choice > 1) return fullStop;
  return choice === 0 ? questionMark : exclamationMark;
}

/** Fills exactly these bytes at the end of a text: full stops up to a newline. */
export function fillEnd(target: Uint8Array): void {
  target.fill(fullStop, 0, -1).fill(newline, -1);
}
