import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LineReader } from "../../src/rpc/frames.js";

/** The lines in these chunks, and `null` where reading stopped. */
function read(bytesMax: number, ...chunks: (string | Buffer)[]): (string | null)[] {
  const seen: (string | null)[] = [];
  const reader = new LineReader(
    bytesMax,
    (line) => seen.push(line),
    () => seen.push(null),
  );
  for (const chunk of chunks) reader.read(Buffer.from(chunk));
  return seen;
}

describe("a line reader", () => {
  test("finds many lines in one chunk and one line in many chunks", () => {
    expect(read(100, "a\nb\r\nc", "d", "e\n", "\n", "f\n")).toEqual(["a", "b", "cde", "", "f"]);
  });

  test("drops a line that was never finished", () => {
    expect(read(100, "a\nhalf a mess")).toEqual(["a"]);
  });

  test("joins a character that was split between chunks", () => {
    const bytes = Buffer.from("é漢😀\n");
    expect(read(100, ...Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)))).toEqual(["é漢😀"]);
  });

  test("replaces bytes that are not UTF-8", () => {
    expect(read(100, Buffer.from([0x61, 0xff, 0xc3, 0x0a, 0x62, 0x0a]))).toEqual(["a\ufffd\ufffd", "b"]);
  });

  test.each([
    ["in one chunk", ["ok\n", "123456\n", "later\n"]],
    ["with good lines around it in its chunk", ["ok\n123456\nlater\n"]],
    ["in pieces", ["ok\n1", "2345", "6\nlater\n"]],
    ["and has not ended", ["ok\n123456", "7"]],
    ["counted in bytes, not characters", ["ok\néé漢\n"]],
  ])("gives up once at a line that is too long %s", (_, chunks) => {
    expect(read(5, ...chunks)).toEqual(["ok", null]);
  });

  test("accepts longer lines once it may", () => {
    const seen: (string | null)[] = [];
    const reader = new LineReader(
      5,
      (line) => seen.push(line),
      () => seen.push(null),
    );
    reader.read(Buffer.from("12345\n123"));
    reader.bytesMax = 7;
    reader.read(Buffer.from("4567\n12345678\n"));
    expect(seen).toEqual(["12345", "1234567", null]);
  });

  test("accepts a line at the limit, whole or in pieces", () => {
    expect(read(5, "12345\n", "123", "45", "\n12345\n")).toEqual(["12345", "12345", "12345"]);
  });

  test("reads the same lines however the bytes are cut into chunks", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "é", "漢", "😀", "\n"), maxLength: 60 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(8), { minLength: 1 }), fc.integer({ min: 1, max: 30 }), (text, sizes, max) => {
        const bytes = Buffer.from(text);
        const chunks: Buffer[] = [];
        for (let at = 0, i = 0; at < bytes.length; i += 1) {
          const size = Math.max(1, sizes[i % sizes.length] ?? 1);
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(read(max, ...chunks)).toEqual(read(max, text));
      }),
    );
  });

  test("takes time in proportion to the length of a line that comes in small chunks", () => {
    const chunk = "x".repeat(1024);
    const startedMs = performance.now();
    const [line] = read(32 * 1024 * 1024, ...Array.from({ length: 16 * 1024 }, () => chunk), "\n");
    expect(line).toHaveLength(16 * 1024 * 1024);
    // Rescanning the whole line with each chunk takes minutes; this takes about 50 ms.
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });
});
