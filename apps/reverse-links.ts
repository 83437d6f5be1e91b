/**
 * Turns the links of web pages around: for each page those that link to it, the paper's "reverse web-link graph"
 * (section 2.3).
 *
 *     mr run reverse-links --arg root=data/samples/web data/samples/web/*.example/*.html
 *
 * `root` is the directory below which the pages are, as HOST/PATH: what `wget --mirror` makes. Links are those of `<a>`
 * and `<area>`, taken relative to the page or its `<base>`, without `#fragment`. Each line of the output is
 * `target source source...`, sorted; a page's links to itself are left out. Links that are no URL are counted as
 * `malformed links`.
 */
import { Parser } from "htmlparser2";
import type { MapContext } from "mapreduce-ts";
import { pageUrl } from "./support/page-url.js";

export const args = ["root"];

export function map(filename: string, html: string, ctx: MapContext<string>): void {
  const source = pageUrl(filename, ctx.args);
  const links: string[] = [];
  let base: string | undefined;
  const parser = new Parser({
    onopentag(name, { href }) {
      if (href === undefined) return;
      if (name === "a" || name === "area") links.push(href);
      else if (name === "base") base ??= href;
    },
  });
  parser.end(html);

  const start = parse(base ?? "", source) ?? source;
  const targets = new Set<string>();
  for (const link of links) {
    const target = parse(link, start);
    if (target === undefined) ctx.counter("malformed links").add();
    else if (/^https?:$/.test(target.protocol)) targets.add(withoutFragment(target));
  }
  targets.delete(source.href);
  for (const target of targets) ctx.emit(target, source.href);
}

export function reduce(_target: string, sources: string[]): string {
  return [...new Set(sources)].sort().join(" ");
}

function parse(link: string, base: URL): URL | undefined {
  return URL.canParse(link, base.href) ? new URL(link, base) : undefined;
}

function withoutFragment(url: URL): string {
  url.hash = "";
  return url.href;
}
