import { expect, test } from "vitest";
import * as indexer from "../../apps/indexer.js";
import { runApp } from "./run-app.js";

test("indexer lists the documents of each word, sorted and without duplicates", () => {
  const output = runApp(indexer, [
    ["b.txt", "sea whale sea\r\nsea"],
    ["a.txt", "whale, Sea"],
    ["empty.txt", ""],
    ["b.txt", "sea whale sea\r\nsea"],
  ]);
  expect(output).toEqual(["Sea 1 a.txt", "sea 1 b.txt", "whale 2 a.txt,b.txt"]);
});

test("indexer uses the same words as wc", () => {
  const output = runApp(indexer, [
    ["1", "θεά🐋θεά cafe\u0301s"],
    ["2", "θεά __proto__"],
  ]);
  expect(output).toEqual(["cafe 1 1", "proto 1 2", "s 1 1", "θεά 2 1,2"]);
});
