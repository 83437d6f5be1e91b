import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { EmitGate } from "../../src/worker/emit-gate.js";
import { SideFiles } from "../../src/worker/side-files.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();

function ofAttempt(attempt = 2) {
  const directory = temporary.newDirectory();
  const gate = new EmitGate("map 3");
  const files = new SideFiles({ ref: { kind: "map", task: 3, attempt }, jobId: "0a1b", directory }, gate);
  return { directory, files, gate };
}

describe("the side files of an attempt", () => {
  it("are written under the attempt's own names, and reported with their final names and lengths", () => {
    const { directory, files } = ofAttempt();
    files.get("a.txt").write("é");
    files.get("b").write(new Uint8Array([1, 2, 3]));
    files.get("a.txt").write("\n");
    writeFileSync(files.get("c").path, "by the app itself");
    const finished = files.finish();
    for (const { finalPath, publicName } of finished) expect(basename(finalPath)).toBe(`.mr-new-0a1b-${publicName}`);
    expect(finished.map(({ name, bytes, publicName }) => [name, bytes, publicName])).toEqual([
      ["a.txt", 3, "mr-side-map-3-a.txt"],
      ["b", 3, "mr-side-map-3-b"],
      ["c", 17, "mr-side-map-3-c"],
    ]);
    expect(finished.map(({ temporaryPath }) => readFileSync(temporaryPath, "latin1"))[1]).toBe("\x01\x02\x03");
    expect(readdirSync(directory).every((name) => name.startsWith(".mr-tmp-0a1b-map-3-2-side-"))).toBe(true);
    expect(temporary.openFiles()).toBe(0);
  });

  it("are none when nothing was written", () => {
    const { directory, files } = ofAttempt();
    files.get("a");
    expect(files.finish()).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("exist even if only an empty text was written", () => {
    const { files } = ofAttempt();
    files.get("a").write("");
    expect(files.finish()).toMatchObject([{ name: "a", bytes: 0 }]);
  });

  it("cannot be written when the attempt has ended", () => {
    const { files, gate } = ofAttempt();
    const file = files.get("a");
    files.finish();
    gate.phase.close();
    expect(() => file.write("late")).toThrow(/^map 3 called write of a side file after it had ended/);
    expect(() => files.get("b")).toThrow(/^map 3 called ctx\.sideFile after it had ended/);
    expect(existsSync(file.path)).toBe(false);
  });

  it("are removed and closed when they are given up", () => {
    const { directory, files } = ofAttempt();
    files.get("a").write("x".repeat(1_000_000));
    files.discard();
    expect(readdirSync(directory)).toEqual([]);
    expect(temporary.openFiles()).toBe(0);
  });

  it("have one writer: the app itself or `write`", () => {
    const { files } = ofAttempt();
    writeFileSync(files.get("a").path, "own");
    expect(() => files.get("a").write("more")).toThrow("EEXIST");
  });

  it("must be files", () => {
    const { files } = ofAttempt();
    mkdirSync(files.get("a").path);
    expect(() => files.finish()).toThrow("map 3 created a side file that is not a regular file");
  });

  it("have names that cannot lead elsewhere, and are not too many", () => {
    const { files } = ofAttempt();
    for (const name of ["../a", "a/b", "", ".", "a b", 7 as unknown as string]) {
      expect(() => files.get(name)).toThrow(/^a side file cannot be called/);
    }
    for (let n = 0; n < 100; n++) files.get(`file-${n}`);
    expect(() => files.get("another")).toThrow("a task may have 100 side files");
    files.get("file-7");
  });
});
