import { expect, test } from "vitest";
import * as termVector from "../../apps/term-vector.js";
import { runApp } from "./run-app.js";

const page = (html: string, host = "a.example") => [`${host}/page.html`, html] as const;

test.each<[string, string, string]>([
  ["nothing in an empty page", "", ""],
  ["words in lower case, the most frequent ones first", "Sea whale WHALE", "whale:2 sea:1"],
  ["equally frequent words by the alphabet", "b c a c b a", "a:2 b:2 c:2"],
  ["what a tag is between as two words", "<td>a<td>b<p>c<br>d", "a:1 b:1 c:1 d:1"],
  ["a word with character references as one", "caf&eacute;s K&#228;fer &lt;p&gt;", "cafés:1 käfer:1 p:1"],
  ["the title and the heading", "<title>x</title><h1>x</h1>", "x:2"],
  ["no scripts, styles, comments and attributes", `<script>a<b</script><style>c</style><!--d--><p id=e>f`, "f:1"],
  ["what follows a script", `<script>a</script>b<style>c</style>d`, "b:1 d:1"],
  ["tags that are not closed", "<p>a <b>b", "a:1 b:1"],
  ["names of object members", "constructor __proto__", "constructor:1 proto:1"],
  ["bytes that were no UTF-8 between words", "a\ufffdb", "a:1 b:1"],
])("term-vector finds %s", (_what, html, expected) => {
  expect(runApp(termVector, [page(html)])).toEqual([`a.example ${expected}`.trimEnd()]);
});

test("term-vector adds up the pages of each host before it drops infrequent terms", () => {
  const pages = [page("a a b"), page("b b a c"), page("c", "b.example"), page("b")];
  expect(runApp(termVector, pages, { top: "1" })).toEqual(["a.example b:4", "b.example c:1"]);
  expect(runApp(termVector, pages)).toEqual(["a.example b:4 a:3 c:1", "b.example c:1"]);
});

test("term-vector leaves out short terms", () => {
  expect(runApp(termVector, [page("the whale of a sea")], { "min-length": "3" })).toEqual([
    "a.example sea:1 the:1 whale:1",
  ]);
});

test("term-vector's combine adds vectors, in any grouping", () => {
  const [a, b, c] = [[["x", 1] as const], [["y", 2] as const, ["x", 3] as const], [["x", 1] as const]];
  const all = [["x", 5] as const, ["y", 2] as const];
  expect(termVector.combine("", [termVector.combine("", [a, b]), c])).toEqual(all);
  expect(termVector.combine("", [a, termVector.combine("", [b, c])])).toEqual(expect.arrayContaining(all));
});

test.each(["0", "-1", "x", "", "1.5"])("term-vector refuses --arg top=%s", (top) => {
  expect(() => runApp(termVector, [page("a")], { top })).toThrow(`--arg top=${top}: expected a whole number from 1`);
});
