import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";

/** A directory of real files for the tests of one file, removed after them. */
export interface TemporaryDirectory {
  /** An absolute path that nothing else uses. */
  newPath(): string;
  /** A new directory in it. */
  newDirectory(): string;
  /** How many files in it this process has open. */
  openFiles(): number;
}

export function useTemporaryDirectory(): TemporaryDirectory {
  let root = "";
  let made = 0;
  beforeAll(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "mr-test-")));
  });
  afterAll(() => rmSync(root, { recursive: true }));
  const newPath = () => join(root, `entry-${made++}`);
  return {
    newPath,
    newDirectory() {
      const path = newPath();
      mkdirSync(path);
      return path;
    },
    openFiles: () => openPaths().filter((path) => path.startsWith(root)).length,
  };
}

function openPaths(): string[] {
  return readdirSync("/proc/self/fd").map((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      return ""; // the descriptor used for listing
    }
  });
}
