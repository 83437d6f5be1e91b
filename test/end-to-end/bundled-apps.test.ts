/**
 * The bundled apps as jobs: several workers, splits and reduce tasks, on the samples and the books. `awk`, `sort` and
 * `join` compute the expected results, or this file does, in the simplest way and with another parser.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, type DefaultTreeAdapterTypes } from "parse5";
import { beforeAll, describe, expect } from "vitest";
import { makeBooks } from "../../scripts/make-books.js";
import { makeSamples } from "../../scripts/make-samples.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { inByteOrder, sortedOutput } from "./oracle.js";
import { linesOf, test, type Place } from "./programs.js";

const temporary = useTemporaryDirectory();
let samples = "";
let books: readonly string[] = [];

beforeAll(async () => {
  samples = temporary.newPath();
  await makeSamples(samples);
  books = (await makeBooks(temporary.newPath())).paths.slice(0, 2);
});

const sample = (name: string) => join(samples, name);
const text = (name: string) => readFileSync(name, "utf8");

/** Runs a job with three reduce tasks, and returns its lines in byte order. */
async function run(place: Place, app: string, ...args: readonly string[]): Promise<string[]> {
  await place.succeed("mr", ["run", app, "-w", "2", "-r", "3", ...args]);
  return sortedOutput(join(place.directory, "mr-output"));
}

/** The output of a pipeline of Unix programs over some files. */
function shell(pipeline: string, ...files: readonly string[]): string[] {
  const env = { ...process.env, LC_ALL: "C" };
  return linesOf(
    execFileSync("bash", ["-eo", "pipefail", "-c", pipeline, "bash", ...files], { env, encoding: "utf8" }),
  );
}

describe.concurrent("the bundled app", () => {
  test("url-count counts the same as awk", async ({ place }) => {
    const logs = [sample("access-1.log"), sample("access-2.log")];
    const { stderr } = await place.succeed("mr", ["run", "url-count", "-r", "3", "--split-size", "4kB", ...logs]);
    // Escaped quotes are replaced while quotes separate the fields.
    const counts = shell(
      `cat "$@" | sed 's/\\\\"/\\x01/g' | awk -F'"' 'split($2, request, " ") > 1 && $3 ~ /^ [0-9]/ { n[request[2]]++ }
        END { for (url in n) print url, n[url] }' | sed 's/\\x01/\\\\"/g' | sort`,
      ...logs,
    );
    expect(counts.length).toBeGreaterThan(10);
    expect(sortedOutput(join(place.directory, "mr-output"))).toEqual(counts);
    const counted = counts.reduce((sum, line) => sum + Number(line.split(" ")[1]), 0);
    expect(stderr).toContain(`malformed lines = ${shell('cat "$@"', ...logs).length - counted}\n`);
  });

  test("reverse-links finds the links that another parser finds", async ({ place }) => {
    const pages = webPages();
    const sources = new Map<string, Set<string>>();
    for (const { url, html } of pages) {
      for (const target of linksOf(html, url)) sources.set(target, (sources.get(target) ?? new Set()).add(url));
    }
    const expected = [...sources].map(([target, from]) => `${target} ${[...from].sort().join(" ")}`);
    expect(expected.length).toBeGreaterThan(20);
    const found = await run(place, "reverse-links", "--arg", `root=${sample("web")}`, ...pages.map(({ path }) => path));
    expect(found).toEqual(inByteOrder(expected));
  });

  test("term-vector finds the terms in the text that another parser finds", async ({ place }) => {
    const hosts = groupBy(webPages(), ({ url }) => new URL(url).hostname);
    const expected = [...hosts].map(([host, pages]) => {
      const terms = pages.flatMap(
        ({ html }) =>
          textOf(html)
            .toLowerCase()
            .match(/\p{L}{4,}/gu) ?? [],
      );
      const counts = [...groupBy(terms, (term) => term)].map(([term, { length }]) => ({ term, length }));
      const most = counts.sort((a, b) => b.length - a.length || (a.term < b.term ? -1 : 1)).slice(0, 5);
      return `${host} ${most.map(({ term, length }) => `${term}:${length}`).join(" ")}`;
    });
    const args = [`root=${sample("web")}`, "min-length=4", "top=5"].flatMap((arg) => ["--arg", arg]);
    const found = await run(place, "term-vector", ...args, ...webPages().map(({ path }) => path));
    expect(found).toEqual(inByteOrder(expected));
  });

  test("inverted-index lists the positions of the words", async ({ place }) => {
    const places = new Map<string, string[]>();
    for (const book of books) {
      const words = text(book).match(/\p{L}+/gu) ?? [];
      const positions = groupBy(words.entries(), ([, word]) => word);
      for (const [word, entries] of positions) {
        const here = `${book}:${entries.map(([index]) => index + 1).join(",")}`;
        places.set(word, [...(places.get(word) ?? []), here]);
      }
    }
    const expected = [...places].map(([word, all]) => `${word} ${all.length} ${all.join(" ")}`);
    expect(await run(place, "inverted-index", ...books)).toEqual(inByteOrder(expected));
  });

  test("n-grams counts the neighbours in each line", async ({ place }) => {
    const triples = books
      .flatMap((book) => linesOf(text(book)))
      .flatMap((line) => {
        const words = line.match(/\p{L}+/gu) ?? [];
        return words.slice(2).map((word, n) => `${words[n]} ${words[n + 1]} ${word}`);
      });
    const counts = [...groupBy(triples, (triple) => triple)].map(([triple, { length }]) => `${triple} ${length}`);
    const found = await run(place, "n-grams", "--arg", "n=3", "--split-size", "30kB", ...books);
    expect(found).toEqual(inByteOrder(counts));
  });

  test("top-k finds the first entries of all sorted counts", async ({ place }) => {
    const counted = ["run", "wc", "-r", "3", "--output-format", "jsonl", "-o", "counts", ...books];
    await place.succeed("mr", counted);
    const counts = [0, 1, 2].map((n) => join(place.directory, `counts/mr-out-${n}.jsonl`));
    await place.succeed("mr", ["run", "top-k", "--arg", "k=25", "-r", "1", "--split-size", "9kB", ...counts]);
    const expected = shell(
      `sed 's/{"key":"//; s/","value":/ /; s/}$//' "$@" | sort -k2,2nr -k1,1 | awk 'NR <= 25'`,
      ...counts,
    );
    expect(linesOf(place.read("mr-output/mr-out-0"))).toEqual(expected);
  });

  test("join gives the result of the program join, with several map tasks for each table", async ({ place }) => {
    const [left, right] = ["customers", "orders"].map((table) => {
      const [header = "", ...rows] = linesOf(text(sample(`${table}.csv`)));
      const third = Math.ceil(rows.length / 3);
      return [0, 1, 2].map((n) => {
        const part = [header, ...rows.slice(n * third, (n + 1) * third), ""].join("\n");
        return place.write(`${table}/${n}.csv`, part);
      });
    });
    const args = ["--arg", "on=customer", "--arg", "left=customers", "--output-format", "jsonl"];
    await place.succeed("mr", ["run", "join", "-w", "2", "-r", "3", ...args, ...(left ?? []), ...(right ?? [])]);
    const found = sortedOutput(join(place.directory, "mr-output")).map((line) => {
      const { key, value } = JSON.parse(line) as { key: string; value: Record<string, string> };
      const fields = [key, ...Object.values(value)];
      return fields.map((field) => (field.includes(",") ? `"${field}"` : field)).join(",");
    });
    const expected = shell(
      `join -t, -1 1 -2 2 <(tail -n +2 "$1" | sort -t, -k1,1) <(tail -n +2 "$2" | sort -t, -k2,2) | sort`,
      sample("customers.csv"),
      sample("orders.csv"),
    );
    expect(expected.length).toBeGreaterThan(150);
    expect(inByteOrder(found)).toEqual(expected);
  });

  test("sort sorts as sort does", async ({ place }) => {
    const last = join(place.directory, place.write("last.txt", "b\n\nä\na\nb"));
    const files = [sample("access-1.log"), sample("edges.txt"), last];
    const found = await run(place, "sort", "--split-size", "4kB", ...files);
    // Not just `sort`: it would join the end of one file and the beginning of the next in one line.
    expect(found).toEqual(shell(`awk 1 "$@" | sort`, ...files));
  });

  test("sort with ranges writes files that are in byte order one after another", async ({ place }) => {
    const odd = join(place.directory, place.write("odd.txt", "b \n\n\tä\r\na\n\n\uffff\n🐋\nb"));
    const files = [odd, sample("access-1.log"), sample("edges.txt")];
    await place.succeed("mr", ["run", "sort", "--partitioner", "range", "-r", "3", "--split-size", "4kB", ...files]);
    const outputs = [0, 1, 2].map((n) => place.readBytes(`mr-output/mr-out-${n}`));
    expect(Math.min(...outputs.map(({ length }) => length))).toBeGreaterThan(0);
    expect(linesOf(Buffer.concat(outputs).toString())).toEqual(shell(`awk 1 "$@" | sort`, ...files));
  });

  test("adjacency lists the same neighbours as awk", async ({ place }) => {
    const expected = shell(
      `awk '!/^#/ { print $1, "to", $2; print $2, "from", $1; print $1, "from"; print $2, "to" }' "$@" | sort -u |
        awk '{ if (NF == 2) list = ""; else list = list (list == "" ? "" : ",") "\\"" $3 "\\""; all[$1, $2] = list; seen[$1] }
          END { for (node in seen) printf "%s {\\"from\\":[%s],\\"to\\":[%s]}\\n", node, all[node, "from"], all[node, "to"] }' | sort`,
      sample("edges.txt"),
    );
    expect(await run(place, "adjacency", "--split-size", "1KiB", sample("edges.txt"))).toEqual(expected);
  });

  test("self-join gives the result of the program join", async ({ place }) => {
    const expected = shell(
      `awk '!/^#/ { if ($1 "" < $2 "") print $1, $2; else print $2, $1 }' "$1" | sort -u > "$2"
        join "$2" "$2" | awk '$2 "" < $3 ""' | sort`,
      sample("edges.txt"),
      join(place.directory, "pairs"),
    );
    expect(expected.length).toBeGreaterThan(1000);
    expect(await run(place, "self-join", "--split-size", "1KiB", sample("edges.txt"))).toEqual(expected);
  });

  test("k-means moves the centroids as awk does", async ({ place }) => {
    place.write("centroids.txt", "a 1,1\nb 9,2\nc 5,5\n");
    // Several map tasks: a CSV file is one.
    const [header = "", ...points] = linesOf(text(sample("points.csv")));
    const parts = [points.slice(0, 90), points.slice(90)].map((part, n) =>
      place.write(`points-${n}.csv`, [header, ...part, ""].join("\n")),
    );
    const found = (await run(place, "k-means", "--file", "centroids.txt", ...parts)).map((line) => line.split(/[ ,]/));
    const expected = shell(
      `awk -F'[ ,]' 'NR == FNR { name[NR] = $1; x[NR] = $2; y[NR] = $3; next }
        FNR > 1 { best = 1; for (c in name) if (d(c) < d(best)) best = c; n[best]++; sx[best] += $1; sy[best] += $2 }
        END { for (c in n) printf "%s %.9f %.9f %d\\n", name[c], sx[c] / n[c], sy[c] / n[c], n[c] }
        function d(c) { return ($1 - x[c]) ^ 2 + ($2 - y[c]) ^ 2 }' "$@" | sort`,
      join(place.directory, "centroids.txt"),
      sample("points.csv"),
    );
    expect(expected).toHaveLength(3);
    const rounded = found.map(([name, x, y, n]) => `${name} ${Number(x).toFixed(9)} ${Number(y).toFixed(9)} ${n}`);
    expect(rounded).toEqual(expected);
  });
});

describe("of an empty file and of bytes that are not UTF-8", () => {
  const page = "web/a.example/page.html";
  const href = Buffer.concat([Buffer.from('<p>a \xff b <a href="/\xff">', "latin1"), Buffer.from([0xc3])]);
  const cases: Record<string, { args?: string[]; bytes: Uint8Array; lines: string[] }> = {
    adjacency: { bytes: bytesOf("a \xff"), lines: ['a {"from":[],"to":["\ufffd"]}', '\ufffd {"from":["a"],"to":[]}'] },
    "inverted-index": { bytes: bytesOf("a\xffb"), lines: [`a 1 ${page}:1`, `b 1 ${page}:2`] },
    "n-grams": { bytes: bytesOf("a\xffb"), lines: ["a b 1"] },
    "reverse-links": {
      args: ["root=web"],
      bytes: href,
      lines: ["https://a.example/%EF%BF%BD https://a.example/page.html"],
    },
    "self-join": { bytes: bytesOf("a \xff\na b"), lines: ["a b \ufffd"] },
    sort: { bytes: bytesOf("b\n\xff"), lines: ["b", "\ufffd"] },
    "term-vector": { args: ["root=web"], bytes: href, lines: ["a.example a:1 b:1"] },
    "url-count": { bytes: bytesOf('h - - [t] "GET /\xff HTTP/1.1" 200 1'), lines: ["/\ufffd 1"] },
  };
  for (const [app, { args = [], bytes, lines }] of Object.entries(cases)) {
    test(`${app} makes what there is to be made`, async ({ place }) => {
      const given = args.flatMap((arg) => ["--arg", arg]);
      const [empty, odd] = [place.write("web/b.example/empty.html", ""), place.write(page, bytes)];
      await place.succeed("mr", ["sequential", app, ...given, odd, empty]);
      // A host counts even if its page is empty.
      const ofEmpty = app === "term-vector" ? ["b.example"] : [];
      expect(sortedOutput(join(place.directory, "mr-output"))).toEqual([...lines, ...ofEmpty]);
    });
  }
});

function bytesOf(latin1: string): Uint8Array {
  return Buffer.from(latin1, "latin1");
}

/** The sample pages, each with its URL. */
function webPages(): { path: string; url: string; html: string }[] {
  const hosts = ["garten", "kitchen", "sea", "sky"].map((name) => `${name}.example`);
  const paths = hosts.flatMap((host) => ["about", "index", "links", "news"].map((name) => `${host}/${name}.html`));
  return paths.map((path) => {
    const file = join(samples, "web", path);
    return { path: file, url: `https://${path.replace("/index.html", "/")}`, html: text(file) };
  });
}

function linksOf(html: string, page: string): string[] {
  const elements = nodesOf(parse(html)).filter((node) => "attrs" in node);
  const hrefs = (...tags: string[]) => {
    const wanted = elements.filter(({ tagName }) => tags.includes(tagName));
    return wanted.flatMap(({ attrs }) => attrs.filter(({ name }) => name === "href").map(({ value }) => value));
  };
  const base = new URL(hrefs("base")[0] ?? "", page).href;
  const links = hrefs("a", "area").filter((href) => URL.canParse(href, base));
  const targets = links.map((href) => new URL(href, base).href.replace(/#.*/, ""));
  return targets.filter((target) => target.startsWith("http") && target !== page);
}

function textOf(html: string): string {
  const texts = nodesOf(parse(html)).filter((node) => "value" in node);
  const shown = texts.filter(({ parentNode }) => !["script", "style"].includes(parentNode?.nodeName ?? ""));
  return shown.map(({ value }) => value).join(" ");
}

function groupBy<Key, Thing>(things: Iterable<Thing>, keyOf: (thing: Thing) => Key): Map<Key, Thing[]> {
  const groups = new Map<Key, Thing[]>();
  for (const thing of things) {
    const group = groups.get(keyOf(thing));
    if (group === undefined) groups.set(keyOf(thing), [thing]);
    else group.push(thing);
  }
  return groups;
}

/** All nodes of a tree, in document order. */
function nodesOf(node: DefaultTreeAdapterTypes.Node): DefaultTreeAdapterTypes.Node[] {
  return [node, ...("childNodes" in node ? node.childNodes.flatMap(nodesOf) : [])];
}
