import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeRecord, JournalReader } from "../../../src/coordinator/journal/journal-lines.js";
import { chunkSizes, journalLines, journalRecord, readJournal, textOf } from "./journal-bytes.js";
import { journalTarget, requirePrefix } from "./mutations.js";

const records = fc.array(journalRecord, { maxLength: 10 });
const someRecords = fc.array(journalRecord, { minLength: 1, maxLength: 10 });
const three = journalLines([{ first: 1 }, "second", null]);
const [first, second, third] = three as [Buffer, Buffer, Buffer];

/** A line with the right checksum, whatever it contains. */
function lineOf(content: string | Buffer, previousChecksum = 0): Buffer {
  const head = crc32(content, previousChecksum).toString(16).padStart(8, "0");
  return Buffer.concat([Buffer.from(`${head} `), Buffer.from(content as string), Buffer.from("\n")]);
}

describe("a line of the journal", () => {
  test("is a checksum chained to the previous one, a space, and JSON", () => {
    const one = crc32('{"é":"\\n"}', 0);
    expect(encodeRecord({ é: "\n" }, 0)).toEqual({ line: lineOf('{"é":"\\n"}'), checksum: one });
    const two = crc32("7", one);
    expect(encodeRecord(7, one)).toEqual({ line: lineOf("7", one), checksum: two });
  });

  test("has eight digits also when the checksum begins with zeros", () => {
    const record = Array.from({ length: 10_000 }, (_, i) => i).find((i) => crc32(String(i)) < 0x0010_0000);
    const { line } = encodeRecord(record, 0);
    expect(line.toString()).toMatch(/^000[0-9a-f]{5} \d+\n$/);
    expect(readJournal(line)).toMatchObject({ records: [record], damage: undefined });
  });

  test.each([[undefined], [() => 1], [Symbol("s")]])("cannot be made of what is no JSON value: %s", (record) => {
    expect(() => encodeRecord(record, 0)).toThrow(
      new TypeError(`a record of the journal is not a JSON value: ${typeof record}`),
    );
  });

  test("has at most 64 MiB, both for writing and for reading", () => {
    const longest = "x".repeat(64 * 1024 * 1024 - 9 - 2 - 1);
    const { line } = encodeRecord(longest, 0);
    expect(readJournal(line, [1024 * 1024]).damage).toBeUndefined();
    expect(() => encodeRecord(`${longest}x`, 0)).toThrow(RangeError);
    const tooLong = lineOf(`"${longest}x"`);
    for (const size of [tooLong.length, 1024 * 1024]) {
      expect(readJournal(tooLong, [size])).toMatchObject({ validBytes: 0, damage: "torn" });
    }
  });
});

describe("the reader of a journal", () => {
  test("gives back any records, however the bytes are cut into chunks", () => {
    const property = fc.property(records, chunkSizes, (records, sizes) => {
      const lines = journalLines(records);
      const bytes = Buffer.concat(lines);
      const read = readJournal(bytes, sizes);
      expect(textOf(read.records)).toBe(textOf(records));
      expect(read).toMatchObject({ validBytes: bytes.length, restBytes: 0, damage: undefined });
    });
    fc.assert(property, { numRuns: 300 });
  });

  test("takes names like __proto__ for data", () => {
    const hostile: unknown = JSON.parse('{"__proto__":{"polluted":true},"constructor":1}');
    const [record] = readJournal(Buffer.concat(journalLines([hostile]))).records;
    expect(Object.keys(record as object)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
    expect({}).not.toHaveProperty("polluted");
  });

  test("finds nothing wrong with an empty journal", () => {
    expect(readJournal(Buffer.alloc(0), [1])).toEqual({
      records: [],
      validBytes: 0,
      checksum: 0,
      restBytes: 0,
      damage: undefined,
    });
  });

  test("returns the whole records before a cut, and calls the rest torn", () => {
    const property = fc.property(records, fc.nat(), (records, at) => {
      const lines = journalLines(records);
      const bytes = Buffer.concat(lines);
      const cut = at % (bytes.length + 1);
      let whole = 0;
      let wholeBytes = 0;
      for (const line of lines) {
        if (wholeBytes + line.length > cut) break;
        whole += 1;
        wholeBytes += line.length;
      }
      const read = readJournal(bytes.subarray(0, cut));
      expect(textOf(read.records)).toBe(textOf(records.slice(0, whole)));
      expect(read).toMatchObject({
        validBytes: wholeBytes,
        restBytes: cut - wholeBytes,
        damage: cut === wholeBytes ? undefined : "torn",
      });
    });
    fc.assert(property, { numRuns: 500 });
  });

  test("never gives a wrong record when a byte has changed, and none from there on", () => {
    const property = fc.property(someRecords, fc.nat(), fc.integer({ min: 1, max: 255 }), (records, at, bits) => {
      const lines = journalLines(records);
      const bytes = Buffer.concat(lines);
      const changed = at % bytes.length;
      bytes[changed] = (bytes[changed] ?? 0) ^ bits;
      requirePrefix(records, bytes);
      expect(readJournal(bytes).validBytes).toBeLessThanOrEqual(changed);
    });
    fc.assert(property, { numRuns: 1000 });
  });

  test.each<[string, Buffer[], unknown[], string]>([
    ["a line is missing", [first, third], [{ first: 1 }], "torn"],
    ["the first line is missing", [second, third], [], "damaged"],
    ["a line comes twice", [first, first, second, third], [{ first: 1 }], "damaged"],
    ["the last line comes twice", [...three, third], [{ first: 1 }, "second", null], "torn"],
    ["two lines have changed places", [second, first, third], [], "damaged"],
    ["a line of another journal stands in it", [first, lineOf("5"), second], [{ first: 1 }], "damaged"],
    ["an empty line stands in it", [first, Buffer.from("\n"), second, third], [{ first: 1 }], "damaged"],
    ["zeros stand in the middle", [first, Buffer.alloc(4096), second, third], [{ first: 1 }], "damaged"],
    ["zeros stand at the end", [first, second, Buffer.alloc(4096)], [{ first: 1 }, "second"], "torn"],
    ["the last line has changed", [first, Buffer.from("97333cbe {}\n")], [{ first: 1 }], "torn"],
  ])("gives a prefix when %s", (_, lines, records, damage) => {
    const bytes = Buffer.concat(lines);
    expect(readJournal(bytes)).toMatchObject({ records, damage });
    expect(readJournal(bytes, [1])).toEqual(readJournal(bytes));
  });

  test("rejects upper-case digits: a flipped bit makes them", () => {
    const line = lineOf("1");
    const capitals = Buffer.from(line.toString().toUpperCase());
    expect(capitals).not.toEqual(line);
    expect(readJournal(capitals)).toMatchObject({ records: [], damage: "torn" });
  });

  test.each([
    ["no JSON", "{"],
    ["nothing", ""],
    ["two values", "1 2"],
    ["a NUL", '"\0"'],
    ["no UTF-8", Buffer.from([0x22, 0xff, 0x22])],
    ["a surrogate in UTF-8", Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ["a byte order mark", "\ufeff1"],
    ["brackets without end", "[".repeat(1_000_000)],
  ])("stops at a line that holds %s, although its checksum is right", (_, content) => {
    const bytes = Buffer.concat([lineOf("1"), lineOf(content, crc32("1"))]);
    expect(readJournal(bytes)).toMatchObject({ records: [1], damage: "torn" });
    expect(readJournal(bytes, [7])).toMatchObject({ records: [1], damage: "torn" });
  });

  test("never throws, whatever the bytes", () => {
    const property = fc.property(fc.uint8Array({ maxLength: 300 }), chunkSizes, (bytes, sizes) => {
      requirePrefix([], bytes, sizes);
    });
    fc.assert(property, { numRuns: 1000 });
  });

  test("gives a prefix of mutated journals", () => {
    journalTarget(Date.now(), 3000);
  });

  test("passes on what its callback throws, after the records before", () => {
    const seen: unknown[] = [];
    const reader = new JournalReader((record) => {
      if (record === null) throw new Error("not for me");
      seen.push(record);
    });
    expect(() => reader.read(Buffer.concat(three))).toThrow("not for me");
    expect(seen).toEqual([{ first: 1 }, "second"]);
  });

  test("does not buffer a hole of a gigabyte", () => {
    const reader = new JournalReader(() => undefined);
    const chunk = Buffer.alloc(1024 * 1024);
    reader.read(second.subarray(0, 12));
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for (let mebibytes = 0; mebibytes < 1024; mebibytes += 1) {
      reader.read(chunk);
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }
    expect(most - before).toBeLessThan(16 * chunk.length);
    expect(reader.end()).toMatchObject({ restBytes: 12 + 1024 * chunk.length, damage: "torn" });
  });

  test("reads a long line in small chunks in time in proportion to its length", () => {
    const { line } = encodeRecord("x".repeat(32 * 1024 * 1024), 0);
    // Copying the line again with each chunk would copy 500 GB.
    expect(readJournal(line, [1024])).toMatchObject({ validBytes: line.length, damage: undefined });
  });
});
