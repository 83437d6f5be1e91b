import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DirectOutput } from "../../src/worker/direct-output.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const directory = useTemporaryDirectory();
const ref = { kind: "map", task: 0, attempt: 1 } as const;

describe("the output of a map task without reduce tasks", () => {
  it("contains all pairs in the order of emission, however they were emitted", () => {
    const path = directory.newPath();
    const output = new DirectOutput(
      path,
      { writer: undefined },
      { ref: { ...ref, task: 7 }, output: { format: "jsonl" } },
    );
    const bytes = Buffer.from("zé=1");
    output.emit("z", { a: 1 });
    output.emitBytes(bytes, 0, 3, 2);
    output.emitSlices(bytes, 0, 3, 4, 5);
    output.emit("a", "x");
    expect(output.pairs).toBe(4);
    const [file] = output.finish();
    expect(file).toMatchObject({ path, partition: 7, bytes: readFileSync(path).length });
    expect(readFileSync(path, "utf8")).toBe(
      '{"key":"z","value":{"a":1}}\n{"key":"zé","value":2}\n{"key":"zé","value":"1"}\n{"key":"a","value":"x"}\n',
    );
  });

  it("refuses what a collector refuses, and is removed when it is discarded", () => {
    const path = directory.newPath();
    const output = new DirectOutput(path, { writer: undefined }, { ref, output: {} });
    expect(() => output.emit(1 as unknown as string, 1)).toThrow("emit: a key must be a string, not number 1");
    expect(() => output.emit("k", NaN)).toThrow('emit: JSON cannot hold the value of key "k": value is NaN');
    expect(() => output.emitBytes(Buffer.from("ab"), 1, 3, 1)).toThrow("emitBytes: 1 to 3 is not a range");
    expect(() => output.emitSlices(Buffer.from("ab"), 0, 1, 2, 1)).toThrow("emitSlices: 2 to 1 is not a range");
    output.discard();
    expect(existsSync(path)).toBe(false);
  });
});
