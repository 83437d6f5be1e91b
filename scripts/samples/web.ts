import type { Choice } from "./choice.js";

/** The words that each host writes about, the most frequent first. */
const topics = {
  "sea.example": "whale ship captain harpoon sea boat sailor wave deck mast crew spout".split(" "),
  "sky.example": "star planet orbit comet telescope moon galaxy eclipse light sun meteor night".split(" "),
  "kitchen.example": "bread flour oven butter salt dough onion recipe spoon soup pepper yeast".split(" "),
  "garten.example": "Blüte Käfer Wurzel Apfelbaum Erde Gießkanne Blatt Hecke Regen Möhre Kürbis Beet".split(" "),
};

const small = "the and of a to in is was with by".split(" ");

const names = ["index", "news", "about", "links"];

export interface SamplePage {
  /** Relative to the directory of all hosts. */
  readonly path: string;
  readonly html: string;
}

/**
 * Pages of a few hosts as `wget --mirror` stores them: links of all kinds, and HTML as people write it, with unclosed
 * tags, unquoted attributes, and text that only looks like a link.
 */
export function webPages(choice: Choice): SamplePage[] {
  return Object.entries(topics).flatMap(([host, topic]) =>
    names.map((name) => ({ path: `${host}/${name}.html`, html: page(choice, host, name, topic) })),
  );
}

function page(choice: Choice, host: string, name: string, topic: readonly string[]): string {
  const base = name === "about" ? `<base href="/archive/">` : "";
  const paragraphs = Array.from({ length: 4 }, () => `<p>${sentence(choice, topic)}${link(choice, topic)}\n`);
  return `<!doctype html>
<html><head><meta charset=utf-8><title>${topic[0]}: ${name}</title>${base}
<style>p { color: navy } /* <a href="/style">no link</a> */</style>
<script>document.write('<a href="/script">no link</a>');</script></head>
<body><h1>${host} &mdash; ${name}</h1>
<!-- <a href="/comment">no link</a> -->
${paragraphs.join("")}<hr><a href="#top">to the top</a> <A HREF='mailto:me@${host}'>write to me</A>
`;
}

function sentence(choice: Choice, topic: readonly string[]): string {
  const words = Array.from({ length: 25 }, () => choice.mostlyFirstOf(choice.below(2) === 0 ? topic : small));
  return `<b>The ${words.slice(0, 5).join(" ")}</b> &amp; ${words.slice(5).join(" ")}. `;
}

function link(choice: Choice, topic: readonly string[]): string {
  const other = choice.mostlyFirstOf(Object.keys(topics));
  const name = choice.mostlyFirstOf(names);
  const text = choice.of(topic);
  return choice.of([
    `<a href="https://${other}/">${text}</a>`,
    `<a href=https://${other}/${name}.html>${text}`,
    `<A CLASS="x" HREF = '${name}.html#${choice.below(9)}'>${text}</A>`,
    `<a href="/search?q=${choice.of(["a", "b"])}&amp;page=${choice.below(2)}">${text}</a>`,
    `<a href="../${name}.html"><b>${text}</a>`,
    `<map><area href="//${other}/${name}.html"></map>`,
    `<a href="https://[broken/">${text}</a>`,
  ]);
}
