import { expect, test } from "vitest";
import * as grep from "../../apps/grep.js";
import { runApp } from "./run-app.js";

function lines(text: string, pattern: string): string[] {
  return runApp(grep, [["f", text]], { pattern });
}

test.each<[string, string, string, string[]]>([
  ["no line of an empty file", "", "", []],
  ["one empty line", "\n", "", ["f:1"]],
  ["no line after the last newline", "a\nb\n", "", ["f:1 a", "f:2 b"]],
  ["a last line without a newline", "a\nb", "b", ["f:2 b"]],
  ["empty lines between", "\n\nx\n\n", "^$", ["f:1", "f:2", "f:4"]],
  ["lines without their CRLF", "a\r\n\r\nab\r\n", "a$", ["f:1 a"]],
  ["a carriage return that ends no line", "a\rb\r\nc\r", "\\r", ["f:1 a\rb", "f:2 c\r"]],
  ["the whole line", "say: the white whale!\nno\n", "white w", ["f:1 say: the white whale!"]],
  ["Greek letters", "μῆνιν ἄειδε\nθεά\n", "^\\p{Script=Greek}+$", ["f:2 θεά"]],
  ["an emoji as one character", "🐋\n🐋🐋\n", "^.$", ["f:1 🐋"]],
  ["combining marks", "cafe\u0301\ncaf\u00e9\n", "e\\p{M}", ["f:1 cafe\u0301"]],
  ["line separators as part of a line", "a\u2028b\n", "b", ["f:1 a\u2028b"]],
])("grep finds %s", (_what, text, pattern, expected) => {
  expect(lines(text, pattern)).toEqual(expected);
});

test("grep treats carriage returns and Unicode separators as characters of a line, as grep -E does", () => {
  const text = "get 10%\rget 100% done\nstart\u2028middle\u2029done\r\nplain done\nget done, not\n";
  expect(lines(text, "^(get|start|plain).*done$")).toEqual([
    "f:1 get 10%\rget 100% done",
    "f:2 start\u2028middle\u2029done",
    "f:3 plain done",
  ]);
});

test("grep numbers lines from 1 in each file, and a file given twice has its lines twice", () => {
  const twice = ["a b.txt", "x\ny x\n"] as const;
  const output = runApp(grep, [twice, ["c", "x"], twice], { pattern: "x" });
  expect(output).toEqual(["a b.txt:1 x", "a b.txt:2 y x", "a b.txt:1 x", "a b.txt:2 y x", "c:1 x"]);
});

test("grep numbers lines through the splits of a file", () => {
  const splits = [
    ["f", "x\n\n"],
    ["f", "y\nx\n", 3],
    ["f", "n", 7],
    ["f", "x", 8],
  ] as const;
  const expected = ["f:1 x", "f:4 x", "f:6 x"];
  expect(runApp(grep, splits, { pattern: "x" })).toEqual(expected);
  expect(runApp(grep, [...splits, ...splits], { pattern: "x" })).toEqual([...expected, ...expected]);
});

test("grep names a pattern that is not a regular expression", () => {
  expect(() => lines("x", "(")).toThrow(/^grep cannot use --arg pattern=\(: Invalid regular expression/);
});

test.each([
  ["true", ["f:1 The Whale", "f:2 a whale"]],
  ["1", ["f:1 The Whale", "f:2 a whale"]],
  ["Yes", ["f:1 The Whale", "f:2 a whale"]],
  ["false", ["f:2 a whale"]],
  ["0", ["f:2 a whale"]],
])("grep --arg ignore-case=%s", (value, expected) => {
  const text = "The Whale\na whale\nthe sea\n";
  expect(runApp(grep, [["f", text]], { pattern: "whale", "ignore-case": value })).toEqual(expected);
});

test("grep says how to ignore case when the option is in another system's syntax, or neither yes nor no", () => {
  expect(() => lines("a", "(?i)whale")).toThrow("leave out (?i) and give --arg ignore-case=true");
  const neither = { pattern: "a", "ignore-case": "i" };
  expect(() => runApp(grep, [["f", "a"]], neither)).toThrow('--arg ignore-case must be true or false, and is "i"');
});
