/**
 * The expected output of each app, computed independently of the product: it uses nothing of src/ and does everything
 * in the simplest way.
 */
import { createHash } from "node:crypto";
import type { Input } from "./inputs.js";

export type AppName = "wc" | "grep" | "indexer" | "slow-lines" | "big-values" | "flaky" | "bad-records" | "three-steps";

/** The lines of all outputs, unordered. */
export function expectedLines(
  app: AppName,
  inputs: readonly Input[],
  args: Readonly<Record<string, string>>,
): string[] {
  switch (app) {
    case "wc":
    case "flaky":
      return wordCount(inputs.map(({ text }) => text));
    case "grep":
      return matches(inputs, new RegExp(args["pattern"] ?? "", "u"));
    case "indexer":
      return index(inputs);
    case "slow-lines":
      return firstWords(inputs);
    case "big-values":
      return digests(inputs, Number(args["repeat"]));
    case "bad-records":
      return wordCount(inputs.flatMap(recordsOf).filter((line) => !isBad(line)));
    case "three-steps":
      return countsOfCounts(inputs);
  }
}

/**
 * The sort key of the lines of one output file: the key that `reduce` got, and the app's own order within a key.
 */
export function compareLines(app: AppName, a: string, b: string): number {
  if (app !== "grep") return compareBytes(keyOf(a), keyOf(b));
  const [fileA, numberA] = placeOf(a);
  const [fileB, numberB] = placeOf(b);
  return compareBytes(fileA, fileB) || numberA - numberB;
}

/** Whether the app `bad-records` rejects this line. */
export function isBad(line: string): boolean {
  return /^BAD (throws|exits) /.test(line);
}

export function recordsOf({ text }: Input): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
}

function wordsOf(text: string): string[] {
  return text.match(/\p{L}+/gu) ?? [];
}

function wordCount(texts: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const word of texts.flatMap(wordsOf)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => `${word} ${count}`);
}

/** For the words that occur more than once: how many occur how often. */
function countsOfCounts(inputs: readonly Input[]): string[] {
  const counts = wordCount(inputs.map(({ text }) => text)).map((line) => line.slice(line.indexOf(" ") + 1));
  const words = grouped(counts.filter((count) => count !== "1").map((count) => [count, true] as const));
  return [...words].map(([count, { length }]) => `${count} ${length}`);
}

function matches(inputs: readonly Input[], pattern: RegExp): string[] {
  return inputs.flatMap((input) =>
    recordsOf(input).flatMap((line, at) => (pattern.test(line) ? [`${input.name}:${at + 1} ${line}`] : [])),
  );
}

function index(inputs: readonly Input[]): string[] {
  const documents = grouped(
    inputs.flatMap(({ name, text }) => [...new Set(wordsOf(text))].map((word) => [word, name] as const)),
  );
  return [...documents].map(([word, names]) => `${word} ${names.length} ${names.sort().join(",")}`);
}

function firstWords(inputs: readonly Input[]): string[] {
  const sizes = grouped(
    inputs.flatMap(recordsOf).map((line) => [/^[^ ]+/.exec(line)?.[0] ?? "(none)", Buffer.byteLength(line)] as const),
  );
  return [...sizes].map(([word, bytes]) => `${word} ${bytes.length} ${bytes.reduce((sum, size) => sum + size, 0)}`);
}

function digests(inputs: readonly Input[], repeat: number): string[] {
  const values = grouped(
    inputs.flatMap(recordsOf).map((line) => [`length-${line.length % 40}`, line.repeat(repeat)] as const),
  );
  return [...values].map(([key, texts]) => {
    const hash = createHash("sha256");
    for (const text of texts) hash.update(`${text}\n`);
    return `${key} ${texts.length} ${hash.digest("hex")}`;
  });
}

function grouped<Value>(pairs: readonly (readonly [string, Value])[]): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const [key, value] of pairs) {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}

function keyOf(line: string): string {
  return line.slice(0, line.indexOf(" "));
}

function placeOf(line: string): [file: string, line: number] {
  const place = keyOf(line);
  const colon = place.lastIndexOf(":");
  return [place.slice(0, colon), Number(place.slice(colon + 1))];
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
