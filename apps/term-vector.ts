/**
 * Finds the words that are typical of each web site: the paper's "term vector per host" (section 2.3).
 *
 *     mr run term-vector --arg root=data/samples/web --arg min-length=4 data/samples/web/*.example/*.html
 *
 * `root` is the directory below which the pages are, as HOST/PATH: what `wget --mirror` makes. Each line of the output is
 * `host term:count term:count...`, the most frequent terms first, of which there are `--arg top=10`. Terms are words in
 * lower case of at least `--arg min-length=1` letters, in what a browser would show of the page.
 */
import { Parser } from "htmlparser2";
import { words, type MapContext, type ReduceContext } from "mapreduce-ts";
import { pageUrl } from "./support/page-url.js";
import { positiveArg } from "./support/positive-arg.js";

type TermVector = (readonly [term: string, count: number])[];

export const args = ["root", "min-length", "top"];

export function map(filename: string, html: string, ctx: MapContext<TermVector>): void {
  const { hostname } = pageUrl(filename, ctx.args);
  const lengthMin = positiveArg(ctx.args, "min-length", 1);
  const counts = new Map<string, number>();
  words(textOf(html).toLowerCase(), (term) => {
    if (term.length >= lengthMin) counts.set(term, (counts.get(term) ?? 0) + 1);
  });
  ctx.emit(hostname, [...counts]);
}

export function combine(_host: string, vectors: TermVector[]): TermVector {
  const total = new Map<string, number>();
  for (const vector of vectors) {
    for (const [term, count] of vector) total.set(term, (total.get(term) ?? 0) + count);
  }
  return [...total];
}

/** Infrequent terms are thrown away here and not before: a term may be rare on each page and frequent on all together. */
export function reduce(host: string, vectors: TermVector[], ctx: ReduceContext): string {
  const terms = combine(host, vectors).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  const most = terms.slice(0, positiveArg(ctx.args, "top", 10));
  return most.map(([term, count]) => `${term}:${count}`).join(" ");
}

function textOf(html: string): string {
  let text = "";
  let hidden = false;
  const parser = new Parser({
    onopentagname(name) {
      hidden = name === "script" || name === "style";
      text += " "; // The words of two paragraphs or table cells are not one word.
    },
    onclosetag() {
      hidden = false;
      text += " ";
    },
    ontext(part) {
      if (!hidden) text += part;
    },
  });
  parser.end(html);
  return text;
}
