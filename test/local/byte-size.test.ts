import { expect, test } from "vitest";
import { parseByteSize } from "../../src/local/byte-size.js";

test.each([
  ["0", 0],
  ["4096", 4096],
  ["17B", 17],
  ["64MiB", 67_108_864],
  ["64mib", 67_108_864],
  ["64 MiB", 67_108_864],
  ["1.5KiB", 1536],
  ["2K", 2048],
  ["500kB", 500_000],
  ["0.1MB", 100_000],
  ["3GB", 3_000_000_000],
  ["1G", 1_073_741_824],
  ["1TiB", 1_099_511_627_776],
])("%s is %d bytes", (text, bytes) => {
  expect(parseByteSize(text)).toBe(bytes);
});

test.each(["", "MiB", "-1", "1e6", "64XB", "64iB", "1.5", "0.3KiB", "9PiB", "99999TiB", "1,5MB", "NaN"])(
  "%j is no size",
  (text) => {
    expect(() => parseByteSize(text)).toThrow(RangeError);
  },
);
