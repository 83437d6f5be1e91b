import { readFile, rename, rm, writeFile } from "node:fs/promises";

/**
 * Writes a file whose contents are always the same. Leaves a complete file alone, so that its readers are not
 * disturbed. Returns whether it had to write.
 */
export async function makeFile(path: string, contents: Uint8Array): Promise<boolean> {
  if (await holds(path, contents)) return false;
  await writeWhole(path, contents);
  return true;
}

async function holds(path: string, contents: Uint8Array): Promise<boolean> {
  try {
    return (await readFile(path)).equals(contents);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}

/** Writes under another name and renames, so that two processes can do this at once. */
async function writeWhole(path: string, contents: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, contents, { flush: true });
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}
