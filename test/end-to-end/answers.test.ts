import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { partitions, sortedOutput, wordCount } from "./oracle.js";
import { linesOf, test, type Place } from "./programs.js";

test("the oracle is right in a case that can be checked by eye", () => {
  expect(wordCount(["b a\tb", "é\u{1d4b3} a"])).toEqual(["a 2", "b 2", "é\u{1d4b3} 1"]);
});

describe.concurrent("the answer of a job", () => {
  for (const [what, texts] of Object.entries({
    "letters beyond ASCII": ["Ὀδυσσεύς ἄνδρα μοι ἔννεπε ἄνδρα", "naïve nai\u0308ve Straße ǅ ʼn ªº 北京 Привет 𐐀𐐁𝒳 ʰ"],
    "combining marks between letters": ["e\u0301te\u0301 ete\u0301 n\u0303o\u0308 नमस्ते לְהַ"],
    "emoji beside letters": ["whale🐋whale 👩‍👩‍👧‍👦a b🇬🇷c x\u{1f600}y ❤️z \ufeffbom"],
    "line ends of all kinds": ["one\r\ntwo\r\none\r\n", "one\rtwo\u2028three\u0085four\fone\vtwo"],
    "an empty file among others": ["", "a b a", ""],
    "nothing but an empty file": [""],
    "no newline at the end": ["first\nlast word", "first"],
    "bytes that are no UTF-8": [Buffer.from([0x61, 0xff, 0x62, 0xc3, 0x28, 0x63]), "a b c"],
    "NUL bytes and other controls": ["a\0b\0a\u0001b\u007fc"],
    "words that JavaScript knows": ["constructor __proto__ toString hasOwnProperty constructor length"],
  })) {
    test(`is right with ${what}`, async ({ place }) => {
      const names = texts.map((text, n) => place.write(`in-${n}.txt`, text));
      await expectAllEqual(place, names, wordCount(texts), { workers: 1, pair: false });
    });
  }

  test("is right with file names of all kinds", async ({ place }) => {
    const names = [
      "two words.txt",
      "-r",
      "--help",
      "ἄνδρα🐋.txt",
      "sub dir/a'b\"c.txt",
      "a\nb",
      "*",
      "a=b:c,d",
      "%41.txt",
    ];
    const texts = names.map((_, n) => `word number${"x".repeat(n)} in a file\n`);
    names.forEach((name, n) => place.write(name, texts[n] ?? ""));
    await expectAllEqual(place, names, wordCount(texts));

    const find = ["--arg", "pattern=number", "-r", "1"];
    await place.succeed("mr", ["run", "grep", ...find, "-o", "found", "--", ...names]);
    const expected = names.map((name, n) => `${name}:1 word number${"x".repeat(n)} in a file\n`);
    expect(place.read("found/mr-out-0").length).toBe(expected.join("").length);
    for (const line of expected) expect(place.read("found/mr-out-0")).toContain(line);
  });

  test("counts a file that is given twice, under one name or several, twice", async ({ place }) => {
    const text = "a rose is a rose";
    const other = place.write("rose.txt", text);
    await expectAllEqual(
      place,
      [other, `./${other}`, join(place.directory, other), other],
      wordCount(Array(4).fill(text)),
    );
  });

  test("is right with 200 small files", async ({ place }) => {
    const texts = Array.from(
      { length: 200 },
      (_, n) => `all ${"abcdefghij"[n % 10]}${"klmno"[n % 5]} of ${n} files λ\n`,
    );
    const names = texts.map((text, n) => place.write(`in/${n}.txt`, text));
    await expectAllEqual(place, names, wordCount(texts));
  });

  for (const reducers of [1, 50]) {
    test(`is the same with -r ${reducers}, and has that many files`, async ({ place }) => {
      const texts = ["to be or not to be", "that is the question — ἢ οὔ"];
      const names = texts.map((text, n) => place.write(`in-${n}.txt`, text));
      await expectAllEqual(place, names, wordCount(texts), { reducers });
    });
  }

  test("of wc equals that of tr, sort and uniq", async ({ place }) => {
    const names = [asciiText(place, "a.txt", 1), asciiText(place, "b.txt", 2)];
    await place.succeed("mr", ["run", "wc", ...names]);
    const script = `cat "$@" | tr -cs A-Za-z '\\n' | grep . | sort | uniq -c | awk '{ print $2 " " $1 }' | sort`;
    expect(sortedOutput(join(place.directory, "mr-output"))).toEqual(shell(place, script, names));
  });

  test("of grep equals that of grep -n", async ({ place }) => {
    const names = [
      asciiText(place, "a.txt", 3),
      asciiText(place, "b.txt", 4),
      place.write("no newline", "x\n\nthe cat"),
    ];
    await place.succeed("mr", ["run", "grep", "--arg", "pattern=(cat|^the) ?d*", ...names]);
    const script = `grep -EnH '(cat|^the) ?d*' "$@" | sed -E 's/^([^:]*:[0-9]+):/\\1 /' | sort`;
    expect(sortedOutput(join(place.directory, "mr-output"))).toEqual(shell(place, script, names));
  });

  test("of indexer lists the documents of each word once", async ({ place }) => {
    const names = [place.write("b", "cat dog cat"), place.write("a", "dog"), place.write("c", "dog Ὀδυσσεύς")];
    await place.succeed("mr", ["run", "indexer", ...names, "a"]);
    expect(sortedOutput(join(place.directory, "mr-output"))).toEqual(["cat 1 b", "dog 3 a,b,c", "Ὀδυσσεύς 1 c"]);
  });
});

/** Runs wc in all ways, and compares the lines with the oracle's and each partition with the others'. */
async function expectAllEqual(
  place: Place,
  names: string[],
  expected: string[],
  { reducers = 10, workers = 2, pair = true } = {},
): Promise<void> {
  const given = (directory: string) => ["-r", String(reducers), "-o", directory];
  await Promise.all([
    place.succeed("mr", ["sequential", "wc", ...given("one"), "--", ...names]),
    place.succeed("mr", ["run", "wc", "-w", String(workers), ...given("run"), "--", ...names]),
    pair ? place.pair("wc", names, given("pair")) : undefined,
  ]);
  const inPlace = (directory: string) => join(place.directory, directory);
  const sequential = partitions(inPlace("one"));
  expect(sortedOutput(inPlace("one"))).toEqual(expected);
  expect(Object.keys(sequential)).toHaveLength(reducers);
  expect(partitions(inPlace("run"))).toEqual(sequential);
  if (pair) expect(partitions(inPlace("pair"))).toEqual(sequential);
  for (const bytes of Object.values(sequential)) expectKeysInByteOrder(bytes);
}

function expectKeysInByteOrder(output: Buffer): void {
  const keys = linesOf(output.toString()).map((line) => Buffer.from(line.replace(/ \d+$/, "")));
  keys.slice(1).forEach((key, n) => expect(Buffer.compare(keys[n] ?? key, key)).toBe(-1));
}

/** Writes lines of a few words, the same each time. */
function asciiText(place: Place, name: string, seed: number): string {
  const words = ["the", "cat", "The", "catalogue", "sat", "don't", "x9y", "--", "on.", "mat,mat"];
  let state = seed;
  const next = () => (state = (state * 1103515245 + 12345) % 2147483648) >> 8;
  const line = () => Array.from({ length: next() % 8 }, () => words[next() % words.length]).join(" ");
  return place.write(name, Array.from({ length: 300 }, () => `${line()}\n`).join(""));
}

function shell(place: Place, script: string, args: string[]): string[] {
  const options = { cwd: place.directory, env: { ...process.env, LC_ALL: "C" } };
  const output = execFileSync("/bin/sh", ["-c", script, "sh", ...args], options).toString();
  expect(output).not.toBe("");
  return linesOf(output);
}
