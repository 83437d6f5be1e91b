import { expect, it } from "vitest";
import { isSameResult } from "../../src/worker/same-result.js";

it.each<[unknown, unknown]>([
  [1, 1],
  [0.1 + 0.2, 0.3],
  [1e300, 1e300 * (1 + 1e-12)],
  [
    { mean: 0.1 + 0.2, n: 3 },
    { n: 3, mean: 0.3 },
  ],
  [[[1, "a", null]], [[1, "a", null]]],
  ["mean 0.30000000000000004 of 3", "mean 0.3 of 3"],
  ["1.5e-7", "1.5000000000000001e-7"],
  [2n ** 70n, 2n ** 70n],
])("%o and %o are the same result", (a, b) => {
  expect(isSameResult(a, b)).toBe(true);
  expect(isSameResult(b, a)).toBe(true);
});

it.each<[unknown, unknown]>([
  [1, 2],
  [1, "1"],
  [1_000_000_000_001, 1_000_000_000_002],
  [0.3, 0.300001],
  [
    [1, 2],
    [2, 1],
  ],
  [[1], [1, 1]],
  [[], {}],
  [{ a: 1 }, { b: 1 }],
  [{ a: 1 }, { a: 1, b: 2 }],
  [null, {}],
  [null, 0],
  ["k 1", "k 3"],
  ["9100521604143693812", "9100521604143693813"],
  ["a 1", "b 1"],
  ["1 2", "1 2 3"],
  [2n ** 70n, 2n ** 70n + 1n],
])("%o and %o are two results", (a, b) => {
  expect(isSameResult(a, b)).toBe(false);
  expect(isSameResult(b, a)).toBe(false);
});
