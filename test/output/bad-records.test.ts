import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readBadRecords, writeBadRecords } from "../../src/output/bad-records.js";
import type { BadRecord } from "../../src/model/bad-record.js";
import { stagedName } from "../../src/output/names.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();
const error = { message: "Error: no", stack: "Error: no\n    at map (app.js:1:1)" };

/** A file with these bytes, and its records at these places. */
function fileOf(bytes: Uint8Array | string, ...places: [offset: number, endOffset: number][]): BadRecord[] {
  const path = temporary.newPath();
  writeFileSync(path, bytes);
  return places.map(([offset, endOffset]) => ({ file: "f", path, offset, endOffset, input: "lines", error, task: 3 }));
}

function written(directory: string): Record<string, unknown>[] {
  const text = readFileSync(join(directory, stagedName("job", "mr-bad-records.jsonl")), "utf8");
  expect(text.endsWith("\n")).toBe(true);
  const lines = text.slice(0, -1).split("\n");
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function readAll(directory: string): Promise<Buffer[]> {
  return Promise.all(
    [...readBadRecords(join(directory, stagedName("job", "mr-bad-records.jsonl")))].map((record) => record.read()),
  );
}

describe("the file of bad records", () => {
  it("contains the place, text and error of each", async () => {
    const directory = temporary.newDirectory();
    const records = fileOf("one\r\nzwö\u2028\ndrei", [0, 5], [5, 13], [13, 17]);
    expect(await writeBadRecords(directory, "job", records)).toBe(3);
    const texts = ["one\r\n", "zwö\u2028\n", "drei"];
    expect(written(directory)).toEqual(records.map((record, index) => ({ ...record, text: texts[index] })));
    expect(Object.keys(written(directory)[0] ?? {}).join(" ")).toBe("file path offset endOffset input text error task");
    expect((await readAll(directory)).map(String)).toEqual(texts);
    expect(readdirSync(directory)).toEqual([stagedName("job", "mr-bad-records.jsonl")]);
  });

  it("contains records that are not UTF-8 as base64, and returns every byte", async () => {
    const directory = temporary.newDirectory();
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await writeBadRecords(directory, "job", fileOf(all, [0, 128], [0, 256], [200, 200]));
    expect(written(directory).map((line) => ["text" in line, "base64" in line])).toEqual([
      [true, false],
      [false, true],
      [true, false],
    ]);
    expect(await readAll(directory)).toEqual([Buffer.from(all.subarray(0, 128)), Buffer.from(all), Buffer.alloc(0)]);
  });

  it("keeps a byte order mark", async () => {
    const directory = temporary.newDirectory();
    await writeBadRecords(directory, "job", fileOf("\ufeffa\n", [0, 5]));
    expect((await readAll(directory)).map(String)).toEqual(["\ufeffa\n"]);
  });

  it("does not copy the bytes of a record of more than 16 MiB", async () => {
    const directory = temporary.newDirectory();
    const most = 16 * 2 ** 20;
    const bytes = Buffer.alloc(most + 2, "a");
    const records = fileOf(bytes, [1, most + 1], [1, most + 2]);
    await writeBadRecords(directory, "job", records);
    expect(written(directory).map((line) => [typeof line["text"], line["bytes"]])).toEqual([
      ["string", undefined],
      ["undefined", "in the file"],
    ]);
    expect((await readAll(directory)).map(({ length }) => length)).toEqual([most, most + 1]);
    truncateSync(records[0]?.path ?? "", most);
    await expect(readAll(directory)).rejects.toThrow(
      /cannot read the bytes from 1 to 16777218 of .*: it has changed since the job/,
    );
  });

  it("contains the places of records whose file is gone or was cut", async () => {
    const directory = temporary.newDirectory();
    const [gone, cut] = [fileOf("gone\n", [0, 5]), fileOf("cut\n", [0, 40])];
    rmSync(gone[0]?.path ?? "");
    await writeBadRecords(directory, "job", [...gone, ...cut]);
    expect(written(directory)).toEqual([...gone, ...cut].map((record) => ({ ...record, bytes: "in the file" })));
  });

  it("does not exist when no record was skipped", async () => {
    const directory = temporary.newDirectory();
    expect(await writeBadRecords(directory, "job", [])).toBe(0);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("is complete or absent, and an error leaves nothing unfinished", async () => {
    const directory = temporary.newDirectory();
    const records = fileOf("a\n", [0, 2]);
    const unreadable: BadRecord[] = records.map((record) => ({
      ...record,
      get file(): string {
        throw new Error("cannot be had");
      },
    }));
    await expect(writeBadRecords(directory, "job", [...records, ...unreadable])).rejects.toThrow("cannot be had");
    expect(readdirSync(directory)).toEqual([]);
    await expect(writeBadRecords(join(directory, "missing"), "job", records)).rejects.toThrow(/ENOENT.*missing/);
    expect(existsSync(join(directory, "missing"))).toBe(false);
  });

  const good = { file: "f", path: "/f", offset: 0, endOffset: 3, input: "lines", error: { message: "no" }, task: 0 };
  it.each<[string, string]>([
    ["is no JSON", "{"],
    ["is no object", "[]"],
    ["is empty", ""],
    ["has neither text nor bytes", JSON.stringify(good)],
    ["has both", JSON.stringify({ ...good, text: "abc", base64: "YWJj" })],
    ["has less than its record", JSON.stringify({ ...good, text: "ab" })],
    ["has more than its record, in bytes", JSON.stringify({ ...good, text: "abé" })],
    ["has base64 that is none", JSON.stringify({ ...good, base64: "YW!" })],
    ["has no task", JSON.stringify({ ...good, text: "abc", task: undefined })],
    ["has an offset that is none", JSON.stringify({ ...good, text: "abc", offset: -1, endOffset: 2 })],
    ["has an input that there is not", JSON.stringify({ ...good, text: "abc", input: "xml" })],
  ])("is refused, with the number of the line, when one %s", async (_, line) => {
    const path = temporary.newPath();
    const fine = JSON.stringify({ ...good, text: "abc" });
    writeFileSync(path, `${fine}\n${fine}\n${line}\n${fine}\n`);
    const read: string[] = [];
    const readThem = async () => {
      for (const record of readBadRecords(path)) read.push(String(await record.read()));
    };
    await expect(readThem()).rejects.toThrow(`${path}: line 3 is damaged`);
    expect(read).toEqual(["abc", "abc"]);
    expect(temporary.openFiles()).toBe(0);
  });
});
