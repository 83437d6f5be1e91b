import { closeSync, lstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { filesIn } from "./job-files.js";
import { crc32Text, readManifest, requireStillThere, type Manifest } from "./manifest.js";
import { looksLikeOutput } from "./names.js";

const blockBytes = 1024 * 1024;

/** What was found of the output of a job. */
export interface Verification {
  readonly manifest: Manifest;
  /** What is wrong, a file each; none when all is as the job has left it. */
  readonly problems: readonly string[];
}

/**
 * Looks whether the output files in a directory are what its manifest says, all of them and no others. Throws an InputError
 * when there is no manifest that can be read, or another output takes its place meanwhile.
 */
export function verifyOutputs(directory: string): Verification {
  const manifest = readManifest(directory);
  const problems: string[] = [];
  for (const output of manifest.outputs) {
    const problem = problemOf(directory, output);
    if (problem !== undefined) problems.push(`${output.name}: ${problem}`);
  }
  const names = new Set(manifest.outputs.map(({ name }) => name));
  for (const name of filesIn(directory).sort()) {
    if (looksLikeOutput(name) && !names.has(name)) problems.push(`${name}: it is no output of the job`);
  }
  if (problems.length > 0) requireStillThere(directory, manifest);
  return { manifest, problems };
}

function problemOf(directory: string, { name, bytes, crc32 }: Manifest["outputs"][number]): string | undefined {
  const path = join(directory, name);
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return "it is missing";
    if (!stats.isFile()) return "it is not a regular file";
    if (stats.size !== bytes) return `it has ${stats.size} bytes, and the job has written ${bytes}`;
    const found = crc32Text(checksumOf(path));
    return found === crc32 ? undefined : `its CRC-32 is ${found}, and the job has written ${crc32}`;
  } catch (error) {
    return (error as Error).message;
  }
}

function checksumOf(path: string): number {
  const block = Buffer.allocUnsafe(blockBytes);
  const descriptor = openSync(path, "r");
  try {
    let checksum = 0;
    for (;;) {
      const length = readSync(descriptor, block);
      if (length === 0) return checksum;
      checksum = crc32(block.subarray(0, length), checksum);
    }
  } finally {
    closeSync(descriptor);
  }
}
