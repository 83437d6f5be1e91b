/** The journal of real processes: killed while they append, or out of space. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { JournalFile } from "../../../src/coordinator/journal/journal-file.js";
import { useTemporaryDirectory } from "../../support/temporary-directory.js";
import { recordAt } from "./appending-process.js";
import type { Filled } from "./filling-process.js";

const directory = useTemporaryDirectory();

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/**
 * Lets a process append until it has acknowledged this many more records, kills it, and returns the last acknowledged
 * number.
 */
async function appendAndKill(path: string, acknowledgements: number): Promise<number> {
  const command = ["--import", "tsx", pathOf("appending-process.ts"), path];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"] });
  let told = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    told += text;
    if (told.split("\n").length > acknowledgements) child.kill("SIGKILL");
  });
  // All its output has been read by then.
  expect(await once(child, "close")).toEqual([null, "SIGKILL"]);
  return Number(told.split("\n").at(-2));
}

test("a process that is killed while it appends leaves all records that it acknowledged, and the next goes on", async () => {
  const path = directory.newPath();
  for (const acknowledgements of [1, 40, 7, 100]) {
    const acknowledged = await appendAndKill(path, acknowledgements);
    let count = 0;
    const { file, damage } = JournalFile.open(path, (record) => {
      expect(record).toEqual(recordAt(count));
      count += 1;
    });
    file.close();
    expect(damage).not.toBe("damaged");
    expect(acknowledged).toBeGreaterThan(0);
    expect(count).toBeGreaterThanOrEqual(acknowledged);
  }
});

const filling = `exec '${process.execPath}' --import tsx '${pathOf("filling-process.ts")}'`;

function expectTidyFailure({ stdout, stderr }: { stdout: string; stderr: string }, path: string, reason: string): void {
  expect(stderr).toBe("");
  const filled = JSON.parse(stdout) as Filled;
  expect(filled.message).toBe(`cannot write the journal ${path}: ${reason}`);
  expect(reason.startsWith(`${filled.code}: `)).toBe(true);
  expect(filled.appended).toBeGreaterThan(1);
  expect(filled).toMatchObject({ read: filled.appended, damage: "none", last: "small" });
}

test("a journal that has reached the limit for files keeps its whole records, and takes one that still fits", () => {
  const path = directory.newPath();
  const limited = spawnSync("bash", ["-c", `ulimit -f 10 && ${filling} '${path}'`], { encoding: "utf8" });
  expectTidyFailure(limited, path, "EFBIG: file too large");
});

/** Runs a script that sees an empty file system of 64 KiB at that directory, which disappears with the script. */
function onSmallDisk(mountedAt: string, script: string) {
  const mounting = `mount -t tmpfs -o size=64k tmpfs '${mountedAt}' && ${script}`;
  const command = 'exec unshare --mount --map-root-user sh -c "$0"';
  return spawnSync("bash", ["-c", command, mounting], { encoding: "utf8" });
}

// Not every container permits that.
test.skipIf(onSmallDisk("/tmp", "true").status !== 0)(
  "a journal on a full disk keeps its whole records, and takes one that still fits",
  () => {
    const parent = directory.newDirectory();
    const path = `${parent}/journal`;
    expectTidyFailure(onSmallDisk(parent, `${filling} '${path}'`), path, "ENOSPC: no space left on device");
  },
);
