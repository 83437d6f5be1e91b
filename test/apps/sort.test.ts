import { expect, test } from "vitest";
import * as sort from "../../apps/sort.js";
import { runApp } from "./run-app.js";

test.each<[string, string, string[]]>([
  ["nothing of an empty file", "", []],
  ["a last line without a newline", "b\na", ["a", "b"]],
  ["lines as often as they are there", "x\ny\nx\n", ["x", "x", "y"]],
  ["empty lines", "\n\na\n\n", ["", "", "", "a"]],
  ["spaces and carriage returns as they are", " b\r\na \r\n", [" b\r", "a \r"]],
])("sort keeps %s", (_what, text, lines) => {
  expect(runApp(sort, [["f", text]])).toEqual(lines);
});
