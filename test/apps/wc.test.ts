import { expect, test } from "vitest";
import * as wc from "../../apps/wc.js";
import { runApp } from "./run-app.js";

test.each<[string, string, string[]]>([
  ["nothing of an empty file", "", []],
  ["nothing of a text without letters", "1 2 -- 3.5!\n", []],
  ["a word each time it occurs, with its case", "the cat, The cat; the end", ["The 1", "cat 2", "end 1", "the 2"]],
  ["words across all line endings", "one\r\ntwo\ntwo\rthree", ["one 1", "three 1", "two 2"]],
  ["letters up to digits and apostrophes", "don't x1y x_y", ["don 1", "t 1", "x 2", "y 2"]],
  ["Greek", "μῆνιν ἄειδε, θεά. μῆνιν", ["θεά 1", "μῆνιν 2", "ἄειδε 1"]],
  ["letters up to a combining mark", "cafe\u0301s caf\u00e9s", ["cafe 1", "caf\u00e9s 1", "s 1"]],
  ["letters beside emoji", "whale🐋whale 👩‍👩‍👧x", ["whale 2", "x 1"]],
  ["letters outside the basic plane", "𝒳𝒴 𝒳", ["𝒳 1", "𝒳𝒴 1"]],
  ["names of object members", "constructor __proto__ toString", ["constructor 1", "proto 1", "toString 1"]],
])("wc counts %s", (_what, text, lines) => {
  expect(runApp(wc, [["a.txt", text]])).toEqual(lines);
});

test("wc adds up files, and a file given twice counts twice", () => {
  const file = ["a.txt", "a b"] as const;
  expect(runApp(wc, [file, ["b.txt", "b"], file])).toEqual(["a 2", "b 3"]);
});
