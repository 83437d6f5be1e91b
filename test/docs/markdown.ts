/** As much of Markdown as is needed to find the links and headings in the pages of this repository. */
import GithubSlugger from "github-slugger";

/** The targets of a page's links, in order. */
export function linksOf(text: string): string[] {
  const prose = withoutCode(text).replace(/(`+)[^`].*?\1/gs, "");
  const inline = [...prose.matchAll(/\]\(\s*<?([^\s)>]+)>?[^)]*\)/g)];
  const definitions = [...prose.matchAll(/^\[[^\]]+\]:\s*<?([^\s>]+)/gm)];
  return [...inline, ...definitions].map(([, target = ""]) => target);
}

/** The anchors of the headings of a page, as GitHub creates them. */
export function anchorsOf(text: string): string[] {
  const slugger = new GithubSlugger();
  const headings = withoutCode(text).matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm);
  return Array.from(headings, ([, heading = ""]) => slugger.slug(plain(heading)));
}

function withoutCode(text: string): string {
  return text.replace(/^( *)(```+|~~~+)[^\n]*\n.*?^\1\2`*[ \t]*$/gms, "");
}

/** The text of a heading, without links, code marks and emphasis. */
function plain(heading: string): string {
  return heading
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\\(\W)/g, "$1")
    .replace(/[`*]/g, "");
}
