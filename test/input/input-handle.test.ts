import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { describe, expect, it } from "vitest";
import { ChangedInputError } from "../../src/input/changed-input-error.js";
import { findInputs } from "../../src/input/files.js";
import { InputHandle, type InputPlace } from "../../src/input/input-handle.js";
import { planSplits } from "../../src/input/splits.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();

const before = `${"a line of the log\n".repeat(1000)}end\n`;

/** A file in the plan of a job. */
function planned(): InputPlace & { readonly path: string } {
  const path = temporary.newPath();
  fs.writeFileSync(path, before);
  // As old as in a real job: the clocks of file systems tick every few milliseconds.
  fs.utimesSync(path, 1000, 1000);
  const [split] = planSplits(findInputs([path]), "file", 100);
  if (split === undefined) throw new Error("there is a split");
  return { ...split, file: "a.log" };
}

/** Opens, reads and closes it; returns the contents and the warnings. */
function read(place: InputPlace, whileOpen?: () => void): { text: string; warnings: string[] } {
  const warnings: string[] = [];
  const handle = new InputHandle(place, (warning) => warnings.push(warning));
  const bytes = Buffer.alloc(100_000);
  let filled = 0;
  try {
    whileOpen?.();
    for (let read = -1; read !== 0; filled += read) read = handle.read(bytes, filled, bytes.length - filled, filled);
  } finally {
    handle.close();
  }
  return { text: bytes.toString("utf8", 0, filled), warnings };
}

function replace(path: string, content: string): void {
  fs.writeFileSync(`${path}.new`, content);
  fs.renameSync(`${path}.new`, path);
}

const otherMiddle = before.replace(/^(a line of the log\n){500}/, (text) => text.slice(0, -4) + "gol\n");
const size = before.length;

/** What may happen to a file, and the message about it. */
const changes: Record<string, readonly [change: (path: string) => void, says: string]> = {
  "is truncated, as by copytruncate": [
    (path) => {
      fs.copyFileSync(path, `${path}.1`);
      fs.truncateSync(path, 0);
    },
    `it had ${size} bytes when the job was planned and has 0 now`,
  ],
  "is truncated and written again, and longer": [
    (path) => fs.writeFileSync(path, `other ${before}`),
    `it was rewritten: it had ${size} bytes when the job was planned and has ${size + 6} now`,
  ],
  "is rewritten in place with the same length": [
    (path) => fs.writeFileSync(path, otherMiddle),
    "it was modified, but has the same length as before",
  ],
  "is touched": [(path) => fs.utimesSync(path, 1, 2), "it was modified, but has the same length as before"],
};

/** Changes that put another file in its place, no matter who has the first one open. */
const replacements: typeof changes = {
  "is renamed, and another one made": [
    (path) => replace(path, "new\n"),
    `it had ${size} bytes when the job was planned and has 4 now`,
  ],
  "is replaced by one of the same length": [(path) => replace(path, otherMiddle), "another file has taken its place"],
  "is replaced by one that begins with it": [
    (path) => replace(path, `${before}more\n`),
    "another file has taken its place",
  ],
  "is gone": [(path) => fs.rmSync(path), "it is gone"],
  "is a pipe by now": [
    (path) => {
      fs.rmSync(path);
      execFileSync("mkfifo", [path]);
    },
    "it is no longer a regular file",
  ],
};

describe("an input file of a job", () => {
  it("is read when it is unchanged", () => {
    expect(read(planned())).toEqual({ text: before, warnings: [] });
  });

  it.each(Object.entries({ ...changes, ...replacements }))(
    "is an error when it %s before it is opened",
    (_, [change, says]) => {
      const place = planned();
      change(place.path);
      expect(() => read(place)).toThrow(ChangedInputError);
      expect(() => read(place)).toThrow(
        `a.log changed while the job ran: ${says}; run the job again, on files that do not change while it runs`,
      );
      expect(temporary.openFiles()).toBe(0);
    },
  );

  it.each(Object.entries(changes))("is an error when it %s while it is open", (_, [change, says]) => {
    const place = planned();
    expect(() => read(place, () => change(place.path))).toThrow(`a.log changed while the job ran: ${says};`);
    expect(temporary.openFiles()).toBe(0);
  });

  it.each(Object.entries(replacements))("is read to its end by who has it open when it %s", (_, [change]) => {
    const place = planned();
    expect(read(place, () => change(place.path))).toEqual({ text: before, warnings: [] });
  });

  it("is read up to its old length when it grows, before or after it is opened", () => {
    const warnings = [`a.log grew while the job ran: the job reads the ${size} bytes that it had at the beginning`];
    const place = planned();
    const append = () => fs.appendFileSync(place.path, "more\n");
    expect(read(place, append)).toEqual({ text: before, warnings });
    expect(read(place)).toEqual({ text: before, warnings });
  });

  it("may be empty at the beginning, and grow", () => {
    const path = temporary.newPath();
    fs.writeFileSync(path, "");
    const [split] = planSplits(findInputs([path]), "file", 100);
    if (split === undefined) throw new Error("there is a split");
    fs.writeFileSync(path, "more");
    expect(read(split)).toMatchObject({ text: "", warnings: [expect.stringMatching(/the 0 bytes that it had/)] });
  });
});

describe("a file of the engine's own", () => {
  it("is read as it is, unless it is not a regular file", () => {
    const { path } = planned();
    fs.appendFileSync(path, "more");
    expect(read({ file: "own", path }).text).toBe(`${before}more`);
    expect(() => read({ file: "own", path: "/dev/null" })).toThrow("cannot read own: it is no longer a regular file");
    expect(() => read({ file: "own", path: `${path}.none` })).toThrow(/^ENOENT/);
  });
});
