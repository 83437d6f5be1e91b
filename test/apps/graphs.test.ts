import { expect, test } from "vitest";
import * as adjacency from "../../apps/adjacency.js";
import * as selfJoin from "../../apps/self-join.js";
import { linesOf, runApp } from "./run-app.js";

test("adjacency lists the predecessors and successors of each node, sorted and without duplicates", () => {
  const output = runApp(adjacency, linesOf("f", "# a comment\nb\ta\na c\nb  a\nb,c,0.5\n c b\r\nd d"));
  expect(output).toEqual([
    'a {"from":["b"],"to":["c"]}',
    'b {"from":["c"],"to":["a","c"]}',
    'c {"from":["a","b"],"to":["b"]}',
    'd {"from":["d"],"to":["d"]}',
  ]);
});

test("adjacency accepts any node name, even names of object members and its own marks", () => {
  expect(runApp(adjacency, linesOf("f", "__proto__ >x"))).toEqual([
    '>x {"from":["__proto__"],"to":[]}',
    '__proto__ {"from":[],"to":[">x"]}',
  ]);
});

test("adjacency counts lines that are not edges", () => {
  const counters = {};
  expect(runApp(adjacency, linesOf("f", "a\n\n , \n#\na b"), {}, counters)).toHaveLength(2);
  expect(counters).toEqual({ "malformed lines": 3 });
});

test("self-join joins sets of size k that differ only in their last element", () => {
  const sets = linesOf("f", "a b c\na b d\na,c,d\na\tc e\nb c d\n# a b z");
  expect(runApp(selfJoin, sets)).toEqual(["a b c d", "a c d e"]);
});

test("self-join treats reordered or repeated sets as one, and repeated elements as one", () => {
  expect(runApp(selfJoin, linesOf("f", "b a\na b\nc a a\na c"))).toEqual(["a b c"]);
});

test("self-join makes pairs of single elements, and ignores sets of different sizes", () => {
  expect(runApp(selfJoin, linesOf("f", "c\na\nb\n\n"))).toEqual(["a b", "a c", "b c"]);
  expect(runApp(selfJoin, linesOf("f", "a\na b\na b c"))).toEqual([]);
});

test("self-join can join its own output", () => {
  const triples = runApp(selfJoin, linesOf("f", "a b\na c\na d\nb c"));
  expect(triples).toEqual(["a b c", "a b d", "a c d"]);
  expect(runApp(selfJoin, linesOf("f", triples.join("\n")))).toEqual(["a b c d"]);
});
