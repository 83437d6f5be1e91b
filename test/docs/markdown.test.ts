import { expect, test } from "vitest";
import { anchorsOf, linksOf } from "./markdown.js";

test("links are found in prose and in tables, but not in code", () => {
  const text = [
    'See [a](a.md), ![b](b.png "title") and [the `c`](c.md#part).',
    "| [d](<d.md>) | `[x](x.md)` |",
    "```md\n[y](y.md)\n```",
    "[e]: e.md",
  ].join("\n\n");
  expect(linksOf(text)).toEqual(["a.md", "b.png", "c.md#part", "d.md", "e.md"]);
});

test("a heading has the anchor that GitHub gives it", () => {
  const text = [
    "# Long files, and fast apps",
    "## `mr-X-Y`: what [the paper](x.html) says",
    "## Twice",
    "```sh\n# no heading\n```",
    "## Twice",
    "### snake_case 3.1 \\<uid\\>",
  ].join("\n\n");
  expect(anchorsOf(text)).toEqual([
    "long-files-and-fast-apps",
    "mr-x-y-what-the-paper-says",
    "twice",
    "twice-1",
    "snake_case-31-uid",
  ]);
});
