import { expect, test } from "vitest";
import * as invertedIndex from "../../apps/inverted-index.js";
import { runApp } from "./run-app.js";

test("inverted-index lists the documents and positions of each word", () => {
  const output = runApp(invertedIndex, [
    ["b.txt", "sea whale, sea\r\nSea-sea"],
    ["a.txt", "\n\n-- whale"],
    ["empty.txt", ""],
  ]);
  expect(output).toEqual(["Sea 1 b.txt:4", "sea 1 b.txt:1,3,5", "whale 2 a.txt:1 b.txt:2"]);
});

test("inverted-index lists a document once even if it is given twice", () => {
  const twice = ["a.txt", "x x"] as const;
  expect(runApp(invertedIndex, [twice, twice])).toEqual(["x 1 a.txt:1,2"]);
});

test("inverted-index accepts names of object members as words and documents", () => {
  const output = runApp(invertedIndex, [
    ["__proto__", "constructor"],
    ["constructor", "constructor"],
  ]);
  expect(output).toEqual(["constructor 2 __proto__:1 constructor:1"]);
});
