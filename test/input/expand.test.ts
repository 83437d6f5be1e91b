import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { expandNames } from "../../src/input/expand.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();

/** A directory with these files. */
function directoryOf(...names: string[]): string {
  const directory = temporary.newDirectory();
  for (const name of names) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), "");
  }
  return directory;
}

async function expand(directory: string, name: string, recursive = false): Promise<string[]> {
  const { files } = await expandNames([join(directory, name)], { recursive });
  return files.map((path) => path.slice(directory.length + 1));
}

describe("a pattern", () => {
  const directory = () =>
    directoryOf("b.log", "a.log", "é.log", "z.log", "\u{1f40b}.log", "\uffee.log", ".h.log", "s/c.log", "s/t/d.log");

  it("stands for the files that match, in byte order, except hidden ones", async () => {
    expect(await expand(directory(), "*.log")).toEqual([
      "a.log",
      "b.log",
      "z.log",
      "é.log",
      "\uffee.log",
      "\u{1f40b}.log",
    ]);
    expect(await expand(directory(), "**/[c-d].log")).toEqual(["s/c.log", "s/t/d.log"]);
    expect(await expand(directory(), "{s/t/d,a}.log")).toEqual(["a.log", "s/t/d.log"]);
    expect(await expand(directory(), ".*.log")).toEqual([".h.log"]);
  });

  it("is a name when there is a file of that name", async () => {
    expect(await expand(directoryOf("[ab].log", "a.log", "b.log"), "[ab].log")).toEqual(["[ab].log"]);
  });

  it("is an error when nothing matches, while a plain name is left to its reader", async () => {
    await expect(expand(directory(), "*.txt")).rejects.toThrow(/\*\.txt: no file matches, and none has that name/);
    expect(await expand(directory(), "none.txt")).toEqual(["none.txt"]);
  });

  it("yields names in its own form: relative, with ./, or absolute", async () => {
    for (const [pattern, first] of [
      ["src/input/e*.ts", "src/input/expand.ts"],
      ["./src/input/e*.ts", "./src/input/expand.ts"],
      [`${process.cwd()}/src/input/e*.ts`, `${process.cwd()}/src/input/expand.ts`],
    ] as const) {
      expect((await expandNames([pattern], { recursive: false })).files).toEqual([first]);
    }
  });
});

describe("a directory", () => {
  it("stands for all files below it, except hidden ones, when inputs are expanded recursively", async () => {
    const directory = directoryOf(
      "d/b",
      "d/a/z",
      "d/a.txt",
      "d/_SUCCESS",
      "d/.mr-tmp-1",
      "d/_temporary/x",
      "d/.git/x",
      "d/c/e/f",
    );
    expect(await expand(directory, "d", true)).toEqual(["d/a/z", "d/a.txt", "d/b", "d/c/e/f"]);
    expect(await expand(directory, "d")).toEqual(["d"]);
  });

  it("is followed through links, but not forever", async () => {
    const directory = directoryOf("d/a", "other/b");
    symlinkSync("../other", join(directory, "d/link"));
    symlinkSync("../d", join(directory, "d/loop"));
    symlinkSync("/", join(directory, "other/_root"));
    expect(await expand(directory, "d", true)).toEqual(["d/a", "d/link/b"]);
  });

  it("yields each file once, by its name without links if it has one, however many links lead there", async () => {
    const directory = directoryOf("d/real/file", "d/z.log", "other/b");
    symlinkSync("real", join(directory, "d/a-link"));
    symlinkSync("../real", join(directory, "d/real/again"));
    symlinkSync("z.log", join(directory, "d/current.log"));
    symlinkSync("../other", join(directory, "d/one"));
    symlinkSync("../other", join(directory, "d/two"));
    symlinkSync("../other/b", join(directory, "d/three"));
    expect(await expand(directory, "d", true)).toEqual(["d/one/b", "d/real/file", "d/z.log"]);
    expect(await expand(directory, "d/**")).toEqual(["d/one/b", "d/real/file", "d/z.log"]);
  });

  it("yields both names of a file with two hard links", async () => {
    const directory = directoryOf("d/a");
    linkSync(join(directory, "d/a"), join(directory, "d/b"));
    expect(await expand(directory, "d", true)).toEqual(["d/a", "d/b"]);
  });

  it("is an error when it contains no files", async () => {
    await expect(expand(directoryOf("d/.hidden"), "d", true)).rejects.toThrow(/d: there is no file in that directory/);
  });

  it.skipIf(process.getuid?.() === 0)("is an error when it cannot be looked into", async () => {
    const directory = directoryOf("d/s/a");
    chmodSync(join(directory, "d/s"), 0);
    await expect(expand(directory, "d", true)).rejects.toThrow(/cannot read directory .*d\/s: EACCES/);
  });
});

describe.each([
  ["a directory", "d", true],
  ["a pattern", "d/**/*", false],
] as const)("in %s", (_, name, recursive) => {
  it("entries that are not files are skipped and reported", async () => {
    const directory = directoryOf("d/a.log", "d/sub/b.log");
    symlinkSync("nowhere", join(directory, "d/current.log"));
    symlinkSync("loop", join(directory, "d/loop"));
    symlinkSync("/dev/null", join(directory, "d/null"));
    execFileSync("mkfifo", [join(directory, "d/sub/pipe")]);
    const { files, passedOver } = await expandNames([join(directory, name)], { recursive });
    expect(files).toEqual(["d/a.log", "d/sub/b.log"].map((file) => join(directory, file)));
    expect(passedOver.sort()).toEqual([
      `${directory}/d/current.log (a link that leads nowhere)`,
      `${directory}/d/loop (a link that leads to itself)`,
      `${directory}/d/null (a character device)`,
      `${directory}/d/sub/pipe (a named pipe)`,
    ]);
  });

  it("names may be any bytes", async () => {
    const directory = directoryOf("d/a b", "d/two\nlines", "d/[x]*", "d/-r", "d/back\\slash");
    const latin1 = Buffer.from([0xe9]);
    mkdirSync(Buffer.concat([Buffer.from(`${directory}/d/dir`), latin1]));
    writeFileSync(Buffer.concat([Buffer.from(`${directory}/d/dir`), latin1, Buffer.from("/caf"), latin1]), "");
    expect(await expand(directory, name, recursive)).toEqual([
      "d/-r",
      "d/[x]*",
      "d/a b",
      "d/back\\slash",
      "d/dir\udce9/caf\udce9",
      "d/two\nlines",
    ]);
  });

  it.skipIf(process.getuid?.() === 0)("a directory that cannot be looked into is an error", async () => {
    const directory = directoryOf("d/a", "d/s/a");
    chmodSync(join(directory, "d/s"), 0);
    await expect(expand(directory, name, recursive)).rejects.toThrow(/cannot read directory .*d\/s: EACCES/);
  });
});

describe("a pattern that matches only entries that are not files", () => {
  it("is an error that says so", async () => {
    const directory = directoryOf("a.txt");
    symlinkSync("nowhere", join(directory, "a.log"));
    await expect(expand(directory, "*.log")).rejects.toThrow(
      /\*\.log: no file matches, and none has that name \(the match is not a regular file\)/,
    );
  });
});

describe("a name that no file can have", () => {
  const long = "x".repeat(300);

  it.each(["a.log/x", long])("stays as it is, for who reads it to say so: %s", async (name) => {
    expect(await expand(directoryOf("a.log"), name)).toEqual([name]);
  });

  it("may be a pattern", async () => {
    expect(await expand(directoryOf("a.log"), `{${long},a}.log`)).toEqual(["a.log"]);
  });

  it("or that leads to itself, is refused", async () => {
    const directory = directoryOf("a.log");
    symlinkSync("loop", join(directory, "loop"));
    await expect(expand(directory, "loop")).rejects.toThrow(/cannot read input .*loop: ELOOP/);
  });
});
