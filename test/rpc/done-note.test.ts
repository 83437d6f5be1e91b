import * as fs from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readDoneNote, removeDoneNote, writeDoneNote } from "../../src/rpc/done-note.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();
let directory = "";

beforeEach(() => {
  directory = temporary.newDirectory();
  vi.stubEnv("MR_RUNTIME_DIR", directory);
});
afterEach(() => vi.unstubAllEnvs());

const note = { app: "0a", args: { pattern: "x" }, endedAtMs: 1 };

function onlyFile(): string {
  const [name = "", ...others] = fs.readdirSync(directory);
  expect(others).toEqual([]);
  return join(directory, name);
}

test("a note is read as it was written, for that socket and no other", () => {
  writeDoneNote("/run/a.sock", note);
  expect(readDoneNote("/run/../run/a.sock")).toEqual(note);
  expect(readDoneNote("/run/b.sock")).toBeUndefined();
});

test("a later note replaces an earlier one, and removing it leaves nothing", () => {
  writeDoneNote("a.sock", note);
  writeDoneNote("a.sock", { ...note, endedAtMs: 2 });
  expect(readDoneNote("a.sock")).toEqual({ ...note, endedAtMs: 2 });
  removeDoneNote("a.sock");
  removeDoneNote("a.sock");
  expect(fs.readdirSync(directory)).toEqual([]);
});

test.for(["", "{", "[]", '{"app":1,"args":{},"endedAtMs":1}'])("%j is no note", (text) => {
  writeDoneNote("a.sock", note);
  fs.writeFileSync(onlyFile(), text);
  expect(readDoneNote("a.sock")).toBeUndefined();
});

test("a symbolic link is not followed", () => {
  writeDoneNote("a.sock", note);
  const path = onlyFile();
  const elsewhere = temporary.newPath();
  fs.renameSync(path, elsewhere);
  fs.symlinkSync(elsewhere, path);
  expect(readDoneNote("a.sock")).toBeUndefined();
});

test("notes that are a minute old are removed when another one is written, and no other files", () => {
  writeDoneNote("old.sock", note);
  const old = onlyFile();
  const other = `${old}.mine`;
  fs.writeFileSync(other, "");
  for (const path of [old, other]) fs.utimesSync(path, 0, 0);
  writeDoneNote("new.sock", note);
  expect(readDoneNote("old.sock")).toBeUndefined();
  expect(readDoneNote("new.sock")).toEqual(note);
  expect(fs.existsSync(other)).toBe(true);
});

test("an unwritable directory is not an error", () => {
  vi.stubEnv("MR_RUNTIME_DIR", join(directory, "missing"));
  writeDoneNote("a.sock", note);
  removeDoneNote("a.sock");
  expect(readDoneNote("a.sock")).toBeUndefined();
});
