import { chmodSync, mkdirSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { KeyValue } from "../../../src/app/contract.js";
import type { StoredFile } from "../../../src/shuffle/stored-file.js";
import { DamagedInputError } from "../../../src/shuffle/merge/damaged-input-error.js";
import { createSlabCollector } from "../../../src/shuffle/collect/slab-collector.js";
import { mergeGroups } from "../../../src/shuffle/merge/merge.js";
import { collect, readAll, stored } from "../shuffle-run.js";
import { useTemporaryDirectory } from "../../support/temporary-directory.js";

const directory = useTemporaryDirectory();

/** An input of a few lines: repeated values, values of all kinds, a key that takes two lines. */
function smallInput(): StoredFile {
  const values = ["1", "1", 1, null, { é: ["😀\n"] }, "x".repeat(40), -1.5e-7];
  const emitted = ["a", "é", "😀"].flatMap((key) => values.map((value) => ({ key, value })));
  return inputWith(emitted);
}

function inputWith(emitted: KeyValue[]): StoredFile {
  const path = directory.newPath();
  const options = { reducers: 1, temporaryPath: () => path, spillPath: () => `${path}-run` };
  const [input] = collect(createSlabCollector, options, emitted).map(stored);
  if (input === undefined) throw new Error("no pair was emitted");
  return input;
}

/** A file with exactly these contents, described accordingly. */
function inputOf(content: string | Uint8Array): StoredFile {
  const location = directory.newPath();
  writeFileSync(location, content);
  return { location, bytes: Buffer.byteLength(content), checksum: crc32(content) };
}

/** Expects that reading everything fails because of this input, and that no file stays open. */
function expectDamage(inputs: StoredFile[], damaged: StoredFile, message: RegExp | string): void {
  const error = errorOf(() => readAll(inputs));
  expect(error).toBeInstanceOf(DamagedInputError);
  expect(error).toMatchObject({ name: "DamagedInputError", location: damaged.location });
  expect((error as Error).message).toContain(`intermediate file ${damaged.location} `);
  expect((error as Error).message).toMatch(message);
  expect(directory.openFiles()).toBe(0);
}

function errorOf(action: () => unknown): unknown {
  try {
    return ["no error, but", action()];
  } catch (error) {
    return error;
  }
}

describe("a damaged intermediate file", () => {
  it("is noticed when it is missing", () => {
    const [input, other] = [smallInput(), smallInput()];
    unlinkSync(input.location);
    expectDamage([other, input], input, "is missing");
    expectDamage(
      [{ ...input, location: `${other.location}/below` }],
      { ...input, location: `${other.location}/below` },
      "",
    );
  });

  it("is noticed wherever it was cut off", () => {
    const input = smallInput();
    for (let bytes = input.bytes - 1; bytes >= 0; bytes--) {
      truncateSync(input.location, bytes);
      expectDamage([input], input, `it is ${bytes} bytes long instead of ${input.bytes}`);
    }
  });

  it("is noticed when it has grown", () => {
    const input = smallInput();
    writeFileSync(input.location, '["😁",["1"]]\n', { flag: "a" });
    expectDamage([input], input, "bytes long instead of");
  });

  it("is noticed wherever a byte changed, before any value is returned if it fits a block", () => {
    const [input, other] = [smallInput(), smallInput()];
    const content = readFileSync(input.location);
    for (const [at, byte] of content.entries()) {
      for (const flipped of [byte ^ 1, byte ^ 0x80, 0x0a, 0x20, 0x30]) {
        if (flipped === byte) continue;
        const damaged = Buffer.from(content);
        damaged[at] = flipped;
        writeFileSync(input.location, damaged);
        expectDamage([other, input], input, "is damaged");
        expect(errorOf(() => mergeGroups([other, input]).next())).toBeInstanceOf(DamagedInputError);
      }
    }
  });

  it("is noticed in its last block at the latest when it is long", () => {
    const emitted = Array.from({ length: 30_000 }, (_, index) => ({ key: String(index), value: "1" }));
    const input = inputWith(emitted);
    const content = readFileSync(input.location);
    expect(content.length).toBeGreaterThan(300_000);
    for (let at = 7; at < content.length; at += 37_003) {
      const damaged = Buffer.from(content);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      writeFileSync(input.location, damaged);
      expectDamage([input], input, "is damaged");
    }
  });

  it("is noticed among too many files to keep open", () => {
    const input = inputOf('["a",["1"]]\n');
    const inputs = Array.from({ length: 501 }, (_, n) => (n === 250 ? input : inputOf('["a",["1"]]\n')));
    writeFileSync(input.location, '["a",["2"]]\n');
    expectDamage(inputs, input, "wrong checksum");
    unlinkSync(input.location);
    expectDamage(inputs, input, "is missing");
  });

  it("is noticed when its keys are out of order", () => {
    const input = inputOf('["a",["1"]]\n["b",["1"]]\n["b",["1"]]\n["a",["1"]]\n');
    expectDamage([input], input, "is damaged: the key in line 4 is out of order");
  });

  it("is noticed when a line has another shape, with the line's number", () => {
    const input = inputOf(`${'["a",["1"]]\n'.repeat(9000)}["a",[]]\n`);
    expectDamage([input], input, /line 9001 is not \[key, values\]/);
  });

  it("is noticed when its last line is unterminated", () => {
    const input = inputOf('["a",["1"]]\n["b",["1"]]');
    expectDamage([input], input, "line 2 has no end");
  });

  it("is noticed when it is a directory", () => {
    const location = directory.newPath();
    mkdirSync(location);
    const input = { location, bytes: 10, checksum: 1 };
    expectDamage([input], input, "");
  });

  it("cannot be overlooked by an app that swallows the error", () => {
    const input = inputOf(`${'["a",["1"]]\n'.repeat(9000)}["a",[]]\n["b",["1"]]\n`);
    const merge = mergeGroups([input]);
    const group = merge.next().value;
    expect(() => group?.toArray()).toThrow(DamagedInputError);
    expect(directory.openFiles()).toBe(0);
    expect(() => merge.next()).toThrow(DamagedInputError);
    expect(() => merge.next()).toThrow(DamagedInputError);
  });
});

describe("an unreadable intermediate file", () => {
  it.skipIf(process.getuid?.() === 0)("is not called damaged, since making it again would not help", () => {
    const input = smallInput();
    chmodSync(input.location, 0);
    expect(() => readAll([input])).toThrow(expect.objectContaining({ code: "EACCES", path: input.location }));
  });
});
