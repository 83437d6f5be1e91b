/**
 * Mutated journals, and what must hold for any mutation: the reader returns a prefix of what was written, and correctly
 * reports where that ends and what follows it.
 *
 * Independent of the test runner, so that a fuzzer can call `journalTarget` for as long as it likes.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { chunkSizes, journalLines, journalRecord, readJournal, textOf } from "./journal-bytes.js";

/** Reads that many mutated journals. Throws, with the seed and the smallest journal found, when one is read wrongly. */
export function journalTarget(seed: number, inputs: number): void {
  const property = fc.property(mutatedJournal, chunkSizes, ({ records, bytes }, sizes) => {
    requirePrefix(records, bytes, sizes);
  });
  fc.assert(property, { seed, numRuns: inputs });
}

/** The original records, and the current contents of the file. */
interface MutatedJournal {
  readonly records: readonly unknown[];
  readonly bytes: Uint8Array;
}

/** Throws an AssertionError unless the bytes are read as a prefix of the given records. */
export function requirePrefix(records: readonly unknown[], bytes: Uint8Array, sizes?: readonly number[]): void {
  const read = readJournal(bytes, sizes);
  const prefix = records.slice(0, read.records.length);
  assert.equal(textOf(read.records), textOf(prefix));
  const lines = journalLines(prefix);
  const validBytes = Buffer.concat(lines);
  assert.ok(validBytes.equals(bytes.subarray(0, read.validBytes)), "the valid prefix is what was written");
  assert.equal(read.checksum.toString(16).padStart(8, "0"), lines.at(-1)?.toString("latin1", 0, 8) ?? "00000000");
  assert.equal(read.restBytes, bytes.length - validBytes.length);
  assert.equal(read.damage, damageOf(bytes.subarray(validBytes.length)));
}

function damageOf(rest: Uint8Array): "torn" | "damaged" | undefined {
  if (rest.length === 0) return undefined;
  return rest.filter((byte) => byte === newline).length < 2 ? "torn" : "damaged";
}

const newline = 0x0a;

type Mutation = (lines: readonly Buffer[]) => Buffer[];

/** A place in something whose length is not known yet: `at(length)` is below `length`, or 0. */
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }).map((share) => (length: number) => {
  return Math.floor(share * length);
});

/** Bytes with a meaning in a journal are likelier than others. */
const byte = fc.oneof(fc.constantFrom(0, newline, 0x20, 0x22, 0x30, 0x41, 0x7b, 0xff), fc.nat(255));
const someBytes = fc.array(byte, { maxLength: 40 }).map((bytes) => Buffer.from(bytes));

const ofLines: fc.Arbitrary<Mutation>[] = [
  place.map((at) => (lines) => lines.toSpliced(at(lines.length), 1)),
  fc.tuple(place, place).map(([from, to]) => (lines) => {
    return lines.toSpliced(to(lines.length + 1), 0, ...lines.slice(from(lines.length)).slice(0, 1));
  }),
  fc.tuple(place, place).map(
    ([a, b]) =>
      (lines) =>
        swapped(lines, a(lines.length), b(lines.length)),
  ),
];

const ofBytes: fc.Arbitrary<(bytes: Buffer) => Uint8Array>[] = [
  place.map((end) => (bytes) => bytes.subarray(0, end(bytes.length))),
  fc.tuple(place, fc.integer({ min: 1, max: 255 })).map(([at, bits]) => (bytes) => {
    const place = at(bytes.length);
    return Uint8Array.from(bytes, (value, index) => (index === place ? value ^ bits : value));
  }),
  fc.tuple(place, fc.nat(80), byte).map(([at, length, value]) => (bytes) => {
    return Buffer.from(bytes).fill(value, at(bytes.length), Math.min(bytes.length, at(bytes.length) + length));
  }),
  fc.tuple(place, fc.nat(80), someBytes).map(([at, length, inserted]) => (bytes) => {
    const place = at(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, place), inserted, bytes.subarray(place + length)]);
  }),
];

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  ...ofLines,
  ...ofBytes.map((arbitrary) =>
    arbitrary.map(
      (change): Mutation =>
        (lines) =>
          linesOf(change(Buffer.concat([...lines]))),
    ),
  ),
);

/** A journal after up to four mutations of bytes or whole lines, or none; or something that is not a journal. */
export const mutatedJournal: fc.Arbitrary<MutatedJournal> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(fc.array(journalRecord, { maxLength: 8 }), fc.array(mutation, { maxLength: 4 }))
      .map(([records, mutations]) => {
        const lines = mutations.reduce((lines, mutate) => mutate(lines), journalLines(records));
        return { records, bytes: Buffer.concat(lines) };
      }),
  },
  { weight: 1, arbitrary: someBytes.map((bytes) => ({ records: [], bytes })) },
);

function swapped(lines: readonly Buffer[], a: number, b: number): Buffer[] {
  return lines.map((line, index) => (index === a ? lines[b] : index === b ? lines[a] : line) ?? line);
}

function linesOf(bytes: Uint8Array): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(newline, start);
    const next = end === -1 ? bytes.length : end + 1;
    lines.push(Buffer.from(bytes.subarray(start, next)));
    start = next;
  }
  return lines;
}
