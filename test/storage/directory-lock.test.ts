import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { DirectoryLockedError, lockDirectory } from "../../src/storage/directory-lock.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const root = useTemporaryDirectory();

it("locks a directory once at a time, and leaves no file behind", async () => {
  const directory = root.newDirectory();
  const lock = await lockDirectory(directory);
  await expect(lockDirectory(directory)).rejects.toThrow(DirectoryLockedError);
  const other = await lockDirectory(root.newDirectory());
  await other.close();
  expect(existsSync(lock.path)).toBe(true);
  await lock.close();
  await lock.close();
  expect(existsSync(lock.path)).toBe(false);
  await (await lockDirectory(directory)).close();
});
