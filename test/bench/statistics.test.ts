import { expect, test } from "vitest";
import { median, spread } from "../../bench/measure/statistics.js";

test.each([
  [[3], 3],
  [[10, 2, 9], 9],
  [[1, 100, 2, 4], 3],
  [[5, 5, 5, 1, 9], 5],
])("the median of %j is %d", (numbers, expected) => {
  expect(median(numbers)).toBe(expected);
});

test("an empty list has no median", () => {
  expect(median([])).toBeNaN();
});

test("a spread is median, minimum and maximum, and does not reorder the numbers", () => {
  const numbers = [4, 1, 7];
  expect(spread(numbers)).toEqual({ median: 4, min: 1, max: 7 });
  expect(numbers).toEqual([4, 1, 7]);
});
