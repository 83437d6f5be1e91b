/**
 * Checks that links of the documentation lead to existing files and headings, and that the tests it names exist. Links to
 * other sites are not followed.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../end-to-end/programs.js";
import { anchorsOf, linksOf } from "./markdown.js";

const docs = pagesIn("docs");
const others = [...pagesIn(""), ...pagesIn("docs/design"), ...["apps", "bench", "data", "examples"].flatMap(pagesIn)];

describe("all links lead somewhere, in", () => {
  test.each([...docs, ...others])("%s", (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });
});

test("docs/README.md has a link to each other page of the folder that is packed", () => {
  const linked = linksOf(textOf("docs/README.md")).map((link) => join("docs", link.replace(/#.*/, "")));
  const pages = docs.filter((page) => !["README.md", "how-it-works.md"].includes(basename(page)));
  expect(pages.filter((page) => !linked.includes(page))).toEqual([]);
});

test("docs/reliability.md shows each fault by a test that exists", () => {
  const faults = /^## Faults$.*?(?=^## )/ms.exec(textOf("docs/reliability.md"))?.[0] ?? "";
  const cells = Array.from(faults.matchAll(/^\|.*\| (.*?) *\|$/gm), ([, last = ""]) => last).slice(2);
  expect(cells.length).toBeGreaterThan(20);
  const tests = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" });
  const missing = cells.flatMap((cell) => {
    const names = Array.from(cell.matchAll(/`([\w-]+\/[\w/-]*)\*?`/g), ([, name = ""]) => name);
    if (names.length === 0) return [cell];
    return names.filter((name) => !tests.some((path) => path.startsWith(name)));
  });
  expect(missing).toEqual([]);
});

/** The pages directly in a folder. */
function pagesIn(folder: string): string[] {
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith(".md"));
  return names.map((name) => join(folder, name));
}

function brokenLinks(page: string): string[] {
  return linksOf(textOf(page)).filter((link) => !/^[a-z]+:/i.test(link) && !leadsSomewhere(page, link));
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : relative(root, resolve(root, dirname(page), decodeURIComponent(path)));
  if (!existsSync(join(root, target))) return false;
  return anchor === undefined || !target.endsWith(".md") || anchorsOf(textOf(target)).includes(anchor);
}

function textOf(page: string): string {
  return readFileSync(join(root, page), "utf8");
}
