import assert from "node:assert/strict";
import { test } from "node:test";
import { map, reduce } from "./app.js";

void test("map finds the words of a line", () => {
  assert.deepEqual(map("a file", "To be, or not to be"), [
    { key: "to", value: 1 },
    { key: "be", value: 1 },
    { key: "or", value: 1 },
    { key: "not", value: 1 },
    { key: "to", value: 1 },
    { key: "be", value: 1 },
  ]);
  assert.deepEqual(map("a file", "1, 2, 3"), []);
});

void test("reduce adds the counts of a word up", () => {
  assert.equal(reduce("be", [1, 1, 3]), 5);
});
