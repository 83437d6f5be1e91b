/** The format of intermediate files in the simplest form: the reference for the merge. */
import fc from "fast-check";
import type { JsonValue } from "../../src/app/contract.js";
import { hostileKey, jsonValue } from "../shuffle/hostile-data.js";
import { keyBytes } from "../shuffle/key-oracle.js";

/** A key, and its values with their repeat counts. */
export interface Line {
  readonly key: string;
  readonly values: readonly (readonly [value: JsonValue, count: number])[];
}

export interface ExpectedGroup {
  readonly key: string;
  readonly values: readonly (readonly [value: JsonValue, count: number])[];
}

const line: fc.Arbitrary<Line> = fc.record({
  key: fc.oneof({ weight: 2, arbitrary: fc.constantFrom("a", "b", "the", "é") }, hostileKey),
  values: fc.array(fc.tuple(jsonValue, fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 30 }))), {
    minLength: 1,
    maxLength: 4,
  }),
});

/** The lines of two files, in key order. */
export const files: fc.Arbitrary<readonly [readonly Line[], readonly Line[]]> = fc.tuple(
  fc.array(line, { maxLength: 3 }).map(sorted),
  fc.array(line, { maxLength: 6 }).map(sorted),
);

export function contentOf(lines: readonly Line[]): Buffer {
  const texts = lines.map(({ key, values }) => {
    const counts = values.map(([, count]) => count);
    const written: JsonValue[] = [key, values.map(([value]) => value)];
    if (counts.some((count) => count !== 1)) written.push(counts);
    return `${JSON.stringify(written)}\n`;
  });
  return Buffer.from(texts.join(""));
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The lines of a file; undefined when it is invalid. */
export function linesIn(content: Buffer): Line[] | undefined {
  try {
    const texts = utf8.decode(content).split("\n");
    if (texts.pop() !== "") return undefined;
    const lines = texts.map(lineOf);
    const isInOrder = lines.every((line, at) => at === 0 || compare(lines[at - 1] ?? line, line) <= 0);
    return isInOrder ? lines : undefined;
  } catch {
    return undefined;
  }
}

/** The groups in these files, and the number of their pairs. */
export function groupsOf(files: readonly (readonly Line[])[]): { groups: ExpectedGroup[]; pairs: number } {
  const groups: { key: string; values: (readonly [JsonValue, number])[] }[] = [];
  // The sort keeps the order of equal keys: by file, and within a file by line.
  for (const { key, values } of files.flat().toSorted(compare)) {
    const last = groups.at(-1);
    if (last?.key === key) last.values.push(...values.map(copied));
    else groups.push({ key, values: values.map(copied) });
  }
  const pairs = groups.flatMap(({ values }) => values).reduce((sum, [, count]) => sum + count, 0);
  return { groups, pairs };
}

/**
 * A repeated object is returned as copies made through JSON. So is an object that contains 1e999 or -0, which JSON
 * reads but does not write; no file written by a map task contains these.
 */
function copied([value, count]: readonly [JsonValue, number]): readonly [JsonValue, number] {
  const isCopied = count > 1 && typeof value === "object";
  return [isCopied ? (JSON.parse(JSON.stringify(value)) as JsonValue) : value, count];
}

function lineOf(text: string): Line {
  const parsed = JSON.parse(text) as [string, JsonValue[], number[]?];
  const [key, values] = parsed;
  const isLine = typeof key === "string" && Array.isArray(values) && values.length > 0 && parsed.length <= 3;
  const counts = parsed.length === 3 ? (parsed[2] ?? []) : values.map(() => 1);
  const areCounts =
    counts.length === values.length && counts.every((count) => Number.isSafeInteger(count) && count > 0);
  if (!isLine || !areCounts) throw new SyntaxError("this is no line");
  return { key, values: values.map((value, at) => [value, counts[at] ?? 1] as const) };
}

function sorted(lines: readonly Line[]): Line[] {
  return lines.toSorted(compare);
}

function compare(a: Line, b: Line): number {
  return Buffer.compare(keyBytes(a.key), keyBytes(b.key));
}
