import { chmodSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isWritableDirectory, runtimeDirectory } from "../../src/machine/runtime-directory.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const root = useTemporaryDirectory();

describe("the directory in which processes meet", () => {
  test("is the one that the user requests, writable or not", () => {
    expect(runtimeDirectory({ MR_RUNTIME_DIR: "/nowhere", XDG_RUNTIME_DIR: "/tmp" })).toBe("/nowhere");
  });

  test("is otherwise /var/tmp, if that is writable", () => {
    expect(isWritableDirectory("/var/tmp")).toBe(true);
    expect(runtimeDirectory({ MR_RUNTIME_DIR: "", XDG_RUNTIME_DIR: "/tmp", TMPDIR: "/tmp" })).toBe("/var/tmp");
  });
});

describe("a writable directory", () => {
  test("is neither a file, nor missing, nor a relative path", () => {
    const file = root.newPath();
    writeFileSync(file, "");
    chmodSync(file, 0o777);
    expect(isWritableDirectory(root.newDirectory())).toBe(true);
    for (const path of ["", ".", file, root.newPath()]) expect(isWritableDirectory(path)).toBe(false);
  });
});
