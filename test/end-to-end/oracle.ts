/**
 * The expected results, computed independently of the product: this uses nothing of src/ and does everything in the
 * simplest way.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Counts the words of some texts: lines `word count` in the order of their UTF-8 bytes. */
export function wordCount(texts: readonly (string | Uint8Array)[]): string[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    const string = typeof text === "string" ? text : new TextDecoder("utf-8", { ignoreBOM: true }).decode(text);
    for (const word of wordsOf(string)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return inByteOrder([...counts].map(([word, count]) => `${word} ${count}`));
}

/** Walks through the text code point by code point. */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  let word = "";
  for (const character of text) {
    if (/^\p{L}$/u.test(character)) word += character;
    else if (word !== "") {
      words.push(word);
      word = "";
    }
  }
  if (word !== "") words.push(word);
  return words;
}

/** Like `LC_ALL=C sort`. */
export function inByteOrder(lines: readonly string[]): string[] {
  return lines
    .map((line) => Buffer.from(line))
    .sort((a, b) => Buffer.compare(a, b))
    .map((bytes) => bytes.toString());
}

/** `sort mr-out-*` */
export function sortedOutput(directory: string): string[] {
  const texts = Object.values(partitions(directory)).map((bytes) => bytes.toString());
  return inByteOrder(texts.flatMap((text) => (text === "" ? [] : text.replace(/\n$/, "").split("\n"))));
}

/** Each output file with its bytes. */
export function partitions(directory: string): Record<string, Buffer> {
  const names = readdirSync(directory).filter((name) => name.startsWith("mr-out-"));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(directory, name))]));
}
