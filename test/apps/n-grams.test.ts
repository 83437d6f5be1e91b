import { expect, test } from "vitest";
import * as nGrams from "../../apps/n-grams.js";
import { runApp } from "./run-app.js";

test.each<[string, string, string, string[]]>([
  ["nothing of an empty file", "", "2", []],
  ["nothing of lines that are too short", "a\nb\n\nc", "2", []],
  ["pairs of words", "a b a b", "2", ["a b 2", "b a 1"]],
  ["single words", "a b a", "1", ["a 2", "b 1"]],
  ["triples", "to be or not to be", "3", ["be or not 1", "not to be 1", "or not to 1", "to be or 1"]],
  ["whatever is between the words", "- a,  b; 1 c", "2", ["a b 1", "b c 1"]],
  ["lines apart, whatever ends them", "a b\r\nc d\ne f\n\ng h", "2", ["a b 1", "c d 1", "e f 1", "g h 1"]],
  ["a line of exactly n words", "a b\na b", "2", ["a b 2"]],
  ["words beyond ASCII, with their case", "θεά Θεά θεά", "2", ["Θεά θεά 1", "θεά Θεά 1"]],
])("n-grams counts %s", (_what, text, n, expected) => {
  expect(runApp({ ...nGrams, reduce: nGrams.reduce }, [["f", text]], { n })).toEqual(expected);
});

test("n-grams counts pairs by default, across all splits and files", () => {
  const pieces = [
    ["f", "a b\n"],
    ["f", "a b", 4],
    ["g", "b a b"],
  ] as const;
  expect(runApp(nGrams, pieces)).toEqual(["a b 3", "b a 1"]);
});

test("n-grams refuses an n that is not a number", () => {
  expect(() => runApp(nGrams, [["f", "a"]], { n: "two" })).toThrow("--arg n=two: expected a whole number from 1");
});
