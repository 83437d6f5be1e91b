import fc from "fast-check";
import { parse, type DefaultTreeAdapterTypes } from "parse5";
import { expect, test } from "vitest";
import * as reverseLinks from "../../apps/reverse-links.js";
import { runApp } from "./run-app.js";

/** The targets of a page's links. */
function targets(html: string, counters: Record<string, number> = {}): string[] {
  const lines = runApp(reverseLinks, [["a.example/dir/page.html", html]], {}, counters);
  return lines.map((line) => line.replace(/ https:\/\/a\.example\/dir\/page\.html$/, ""));
}

test.each<[string, string, string[]]>([
  ["nothing in an empty page", "", []],
  ["a whole URL", `<a href="http://b.example/x?y=z">`, ["http://b.example/x?y=z"]],
  ["a host without a path", `<a href=//b.example>`, ["https://b.example/"]],
  ["a path", `<a href=/x>`, ["https://a.example/x"]],
  ["what is relative to the page", `<a href="../x"><a href="y"><a href="?z">`, ["dir/page.html?z", "dir/y", "x"]],
  ["an area of a map", `<map><area href=x></map>`, ["dir/x"]],
  ["capital letters and spaces", `<A\nHREF = ' x '>`, ["dir/x"]],
  ["character references", `<a href="x?a=1&amp;b=&#50;">`, ["dir/x?a=1&b=2"]],
  ["each target once, whatever the fragment", `<a href=x#1><a href=x#2><a href=x>`, ["dir/x"]],
  ["no link of a page to itself", `<a href="#top"><a href=""><a href=page.html>`, []],
  ["no other schemes", `<a href="mailto:a@b.example"><a href="javascript:x()"><a href=ftp://b.example/>`, []],
  ["no link in comments, scripts and styles", `<!--<a href=x>--><script>"<a href=y>"</script><style><a href=z>`, []],
  ["no anchor without href, and no other element", `<a name=x><link href=y><div href=z>`, []],
  ["tags that are never closed", `<p><a href=x>one<a href=y>two<b><a href=z`, ["dir/x", "dir/y"]],
  ["what is relative to the base", `<base href=/b/><a href=x><base href=/c/><a href=/y>`, ["b/x", "y"]],
  ["a base that comes after", `<a href=x><base href="https://b.example/">`, ["https://b.example/x"]],
  ["no base that is no URL", `<base href="https://[/"><a href=x>`, ["dir/x"]],
  ["letters beyond ASCII", `<a href="/Blüte?ä">`, ["Bl%C3%BCte?%C3%A4"]],
])("reverse-links finds %s", (_what, html, expected) => {
  expect(targets(html)).toEqual(expected.map((link) => new URL(link, "https://a.example/").href).sort());
});

test("reverse-links counts links that are not URLs", () => {
  const counters = {};
  expect(targets(`<a href="https://[/"><a href=http://:x/><a href=ok>`, counters)).toHaveLength(1);
  expect(counters).toEqual({ "malformed links": 2 });
});

test("reverse-links derives the URL of a page from its path below the root", () => {
  const link = `<a href=https://t.example/>`;
  const pages = ["/w/b.example/x/page.html?q=1", "/w/a.example:8080/index.html", "/w/b.example/x/index.html"];
  const found = runApp(
    reverseLinks,
    pages.map((page) => [page, link] as const),
    { root: "/w" },
  );
  expect(found).toEqual([
    "https://t.example/ https://a.example:8080/ https://b.example/x/ https://b.example/x/page.html?q=1",
  ]);
  expect(runApp(reverseLinks, [["a.example/p", link]])).toEqual(["https://t.example/ https://a.example/p"]);
});

test.each(["data/web/a.example/p.html", "p.html", "a.example", "../a.example/p.html", "/a.example/p.html"])(
  "reverse-links says how to give the root when %s is not below it",
  (path) => {
    const message = `${path} is not HOST/PAGE below .: --arg root=DIR says where the hosts are`;
    expect(() => runApp(reverseLinks, [[path, ""]])).toThrow(message);
  },
);

test("reverse-links finds the same links in any HTML as a standard parser", () => {
  const links = [
    "<a href=x>",
    '<a href="y">',
    "<A HREF='z&amp;q'>",
    "<a\nhref = v >",
    "<a href=1 href=2>",
    "<area href=k>",
  ];
  const tags = [
    "</a>",
    "<p>",
    "</p>",
    "<b>",
    "</b>",
    "<table>",
    "<tr>",
    "<td>",
    "</table>",
    "<body>",
    "<head>",
    "<div",
  ];
  const raw = ["<!-- ", "-->", "<script>", "</script>", "<style>", "</style>", "<textarea>", "</textarea>"];
  const other = [
    "<base href=/b/>",
    "<!doctype html>",
    "text",
    "&lt;a href=w>",
    "<",
    ">",
    '"',
    "'",
    "<?php ",
    "<a href",
  ];
  // htmlparser2 has no "script data double escaped state": it ends such a script at the first end tag.
  const isDoublyEscaped = (parts: readonly string[]) => /<script>.*<!-- .*<script>/.test(parts.join(""));
  const part = fc.constantFrom(...links, ...tags, ...raw, ...other);
  const html = fc.array(part, { maxLength: 12 }).filter((parts) => !isDoublyEscaped(parts));
  fc.assert(
    fc.property(html, (parts) => {
      expect(targets(parts.join(""))).toEqual(standardTargets(parts.join("")));
    }),
    { numRuns: 500 },
  );
});

/** The oracle: builds the same tree as browsers and visits each anchor and area. */
function standardTargets(html: string): string[] {
  const page = "https://a.example/dir/page.html";
  const found: { tag: string; href: string }[] = [];
  const visit = (node: DefaultTreeAdapterTypes.Node): void => {
    if ("attrs" in node && ["a", "area", "base"].includes(node.tagName)) {
      const href = node.attrs.find(({ name }) => name === "href");
      if (href !== undefined) found.push({ tag: node.tagName, href: href.value });
    }
    if ("childNodes" in node) node.childNodes.forEach(visit);
  };
  visit(parse(html, { scriptingEnabled: false }));
  const base = new URL(found.find(({ tag }) => tag === "base")?.href ?? "", page).href;
  const links = found.filter(({ tag }) => tag !== "base").map(({ href }) => new URL(href, base).href);
  return [...new Set(links)].filter((link) => link !== page).sort();
}
