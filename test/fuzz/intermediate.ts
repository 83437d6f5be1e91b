/** Damaged intermediate files, fed to the merge of a reduce task. */
import fc from "fast-check";
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { crc32 } from "node:zlib";
import type { JsonValue } from "../../src/app/contract.js";
import type { StoredFile } from "../../src/shuffle/stored-file.js";
import { DamagedInputError } from "../../src/shuffle/merge/damaged-input-error.js";
import { mergeGroups } from "../../src/shuffle/merge/merge.js";
import { byteDamages, damaged, type ByteDamage } from "./damaged-bytes.js";
import { contentOf, files, groupsOf, linesIn, type ExpectedGroup } from "./intermediate-lines.js";
import { targetOf, type Target } from "./target.js";

/** One input: the second file with this damage, read with the checksum of its original or of its current contents. */
interface Variant {
  readonly damages: readonly ByteDamage[];
  readonly isChecksumRight: boolean;
  readonly asArray: boolean;
}

const variant: fc.Arbitrary<Variant> = fc.record({
  damages: byteDamages,
  isChecksumRight: fc.boolean(),
  asArray: fc.boolean(),
});
const job = fc.record({ files, variants: fc.array(variant, { minLength: 1, maxLength: 16, size: "max" }) });

/** A count may claim that a value occurs 10¹⁵ times; no more than this of a group is read. */
const valuesReadMax = 2000;

/** In memory if the system has such a place. It exists as long as the target runs. */
let directory = "";

export const intermediate: Target = async (seed, inputs, path) => {
  directory = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "mr-fuzz-"));
  try {
    return await damagedFiles(seed, inputs, path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

const damagedFiles = targetOf(
  job,
  ({ files: [sound, second], variants }) => {
    const [soundContent, content] = [contentOf(sound), contentOf(second)];
    const soundFile = written("sound", soundContent, undefined);
    for (const one of variants) check(soundFile, soundContent, content, one);
    if (isAnyOpen()) throw new Error("a file was left open");
    return variants.length;
  },
  ({ files: [sound, second], variants }) => {
    const content = contentOf(second);
    const shown = variants.map(({ damages, isChecksumRight, asArray }) => {
      const how = `${isChecksumRight ? "right" : "old"} checksum, ${asArray ? "array" : "stream"}`;
      return `${JSON.stringify(damaged(content, damages).toString("latin1"))} (${how})`;
    });
    return `${shown.join("; ")}, made of ${JSON.stringify(content.toString())}, with ${JSON.stringify(contentOf(sound).toString())}`;
  },
);

function check(soundFile: StoredFile, sound: Buffer, original: Buffer, variant: Variant): void {
  const content = damaged(original, variant.damages);
  const file = written("damaged", content, variant.isChecksumRight ? undefined : original);
  const isUnchanged = content.equals(original);
  const lines = variant.isChecksumRight || isUnchanged ? linesIn(content) : undefined;
  const expected = lines === undefined ? undefined : groupsOf([linesIn(sound) ?? [], lines]);
  let groups: ReadGroups;
  try {
    groups = readGroups([soundFile, file], variant.asArray && expected !== undefined && expected.pairs < valuesReadMax);
  } catch (error) {
    if (!(error instanceof DamagedInputError)) throw error;
    if (isUnchanged) throw new Error("a sound file is called damaged", { cause: error });
    if (error.location !== file.location) throw new Error("the sound file is called damaged", { cause: error });
    return;
  }
  if (expected === undefined) throw new Error("a damaged file was read as if it were sound");
  if (!isSame(groups, expected)) {
    throw new Error(`the file says ${JSON.stringify(expected)}, but what was read is ${JSON.stringify(groups)}`);
  }
}

interface ReadGroups {
  readonly groups: readonly { key: string; values: JsonValue[] }[];
  readonly pairs: number;
}

function readGroups(inputs: readonly StoredFile[], asArrays: boolean): ReadGroups {
  const merge = mergeGroups(inputs);
  const groups = Array.from(merge, (group) => {
    if (asArrays) return { key: group.key, values: group.toArray() };
    const values: JsonValue[] = [];
    for (const value of group.values()) if (values.push(value) === valuesReadMax) break;
    return { key: group.key, values };
  });
  return { groups, pairs: merge.pairs };
}

function isSame({ groups, pairs }: ReadGroups, expected: { groups: readonly ExpectedGroup[]; pairs: number }): boolean {
  const first = ({ key, values }: ExpectedGroup) => {
    const all = values.flatMap(([value, count]) => Array<JsonValue>(Math.min(count, valuesReadMax)).fill(value));
    return { key, values: all.slice(0, valuesReadMax) };
  };
  return pairs === expected.pairs && isDeepStrictEqual(groups, expected.groups.map(first));
}

/** Always the same few files: creating new ones would take longer than the merge. */
function written(name: string, content: Buffer, described: Buffer | undefined): StoredFile {
  const location = join(directory, name);
  writeFileSync(location, content);
  const { length } = described ?? content;
  return { location, bytes: length, checksum: crc32(described ?? content) };
}

/**
 * Whether a file of the directory is open, if the system can tell. Reading the links is slow, so they are counted
 * first.
 */
function isAnyOpen(): boolean {
  const descriptors = existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd") : [];
  if (descriptors.length === openBefore) return false;
  openBefore = descriptors.length;
  return descriptors.some((descriptor) => pathOf(descriptor).startsWith(directory));
}

let openBefore = 0;

function pathOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return ""; // the descriptor used for listing
  }
}
