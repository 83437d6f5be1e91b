import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { findInputs } from "../../src/input/files.js";
import { planSplits } from "../../src/input/splits.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { openText, readAll } from "./read-all.js";

const temporary = useTemporaryDirectory();

async function read(bytes: Uint8Array | string, splitBytes = 1000): Promise<unknown[]> {
  const path = temporary.newPath();
  writeFileSync(path, bytes);
  const found: unknown[] = [];
  for (const split of planSplits(findInputs([path]), "jsonl", splitBytes)) {
    found.push(...(await readAll(openText(split, { input: "jsonl" }))).map(({ value }) => value));
  }
  return found;
}

const rows = [{ a: 1 }, { a: 2, b: [3] }];
const array =
  /is a JSON array, and input "jsonl" is one JSON document per line; convert it first: jq -c '\.\[\]' \/\S+ > FILE\.jsonl/;
const document = /is JSON over several lines, and input "jsonl" .*: jq -c \. /;

describe("a file given as JSON Lines", () => {
  it.each<[string, string, RegExp]>([
    ["an array on one line", JSON.stringify(rows), array],
    ["an array on one line that ends", `${JSON.stringify(rows)}\n\n`, array],
    ["an array of arrays", "[[1,2],[3,4]]\n", array],
    ["an indented array", JSON.stringify(rows, null, 2), array],
    ["an indented array behind an empty line", `\n${JSON.stringify(rows, null, 2)}`, array],
    ["an array with a row a line", '[{"a":1},\n{"a":2}]\n', array],
    ["an array with a row a line, and commas before them", '[{"a":1}\n,{"a":2}]\n', array],
    ["an array with a row a line, and brackets on lines of their own", '[\n{"a":1}\n]\n', array],
    ["an array of numbers over several lines", "[\n1,\n2\n]\n", array],
    ["an indented object", JSON.stringify(rows[1], null, 2), document],
    ["an indented object of objects", JSON.stringify({ rows }, null, 1), document],
    ["several indented objects", rows.map((row) => JSON.stringify(row, null, 2)).join("\n"), document],
    ["an object that goes on after a comma", '{"a":1,\n"b":2}\n', document],
  ])("is refused when it is %s", async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(message);
    await expect(read(`\ufeff${text}`)).rejects.toThrow(message);
    await expect(read(gzipSync(text))).rejects.toThrow(message);
  });

  it("is refused when its only line, an array, is longer than a split", async () => {
    await expect(read(JSON.stringify(rows), 5)).rejects.toThrow(array);
  });

  it("may have arrays as its documents: several, or rows of plain values", async () => {
    expect(await read('[{"a":1}]\n[{"a":2}]\n')).toEqual([[{ a: 1 }], [{ a: 2 }]]);
    expect(await read('["ann",3]\n')).toEqual([["ann", 3]]);
    expect(await read("[]\n")).toEqual([[]]);
    for (const splitBytes of [5, 12]) expect(await read('[{"a":1}]\n[{"a":2}]\n', splitBytes)).toHaveLength(2);
  });

  it("may have a bad record in its first line, and continues after it", async () => {
    for (const bad of ['{"customer":"ann",', "[1,2", '{"a":', "nonsense", '{"a":1}}']) {
      const [first, ...others] = await read(`${bad}\n{"a":1}\n{"a":2}\n`);
      expect(first).toMatch(/^bad: not JSON: /);
      expect(others).toEqual([{ a: 1 }, { a: 2 }]);
    }
    expect(await read('{"a":\n')).toEqual([expect.stringMatching(/^bad: not JSON/)]);
  });
});
