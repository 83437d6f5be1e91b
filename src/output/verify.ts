import { closeSync, lstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { filesIn } from "./job-files.js";
import { crc32Text, readManifest, requireStillThere, type Manifest } from "./manifest.js";
import { directoryIn, isNamedOutputFile } from "../model/output-names.js";
import { looksLikeOutput } from "./names.js";

const blockBytes = 1024 * 1024;

/** The result of verifying the output of a job. */
export interface Verification {
  readonly manifest: Manifest;
  /** The problems, one per file; empty when the output is just as the job left it. */
  readonly problems: readonly string[];
}

/**
 * Checks that the output files in a directory are exactly those in its manifest. Throws an InputError when the manifest
 * is missing or unreadable, or another output replaces this one meanwhile.
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
    if (looksLikeOutput(name) && !names.has(name)) problems.push(`${name}: it is not an output of the job`);
  }
  for (const own of new Set(manifest.outputs.flatMap(({ name }) => directoryIn(name) ?? []))) {
    const there = filesIn(join(directory, own)).map((name) => `${own}/${name}`);
    for (const name of there.sort()) {
      if (isNamedOutputFile(name) && !names.has(name)) problems.push(`${name}: it is not an output of the job`);
    }
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
    if (stats.size !== bytes) return `it has ${stats.size} bytes, but the job wrote ${bytes}`;
    const found = crc32Text(checksumOf(path));
    return found === crc32 ? undefined : `its CRC-32 is ${found}, but the job wrote ${crc32}`;
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
