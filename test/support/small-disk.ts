/**
 * Disks of a few KiB for tests with a full disk: a tmpfs, because it is a real file system, which itself returns
 * `ENOSPC` wherever it occurs.
 *
 * Mounting requires root, or `sudo` without a password, which the machines of many CI services allow. A container that
 * may not mount cannot have a full disk, and must skip tests that need one:
 *
 *     describe.skipIf(whyNoSmallDisk !== undefined)(`a full disk${whyNoSmallDisk ?? ""}`, …)
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const isRoot = process.getuid?.() === 0;

export class SmallDisk {
  /** The mount point. */
  readonly path: string;
  readonly #unmount: () => Promise<void>;
  readonly #ballast: string;

  private constructor(path: string, unmount: () => Promise<void>) {
    this.path = path;
    this.#unmount = unmount;
    this.#ballast = join(path, "ballast");
  }

  /** Mounts a new disk at an empty directory. It is unmounted when this process ends, in whatever way. */
  static mount(path: string, sizeKiB: number): SmallDisk {
    const owner = `uid=${process.getuid?.()},gid=${process.getgid?.()}`;
    asRoot("mount", "-t", "tmpfs", "-o", `size=${sizeKiB}k,mode=0700,${owner}`, "mr-small-disk", path);
    return new SmallDisk(path, unmounter(path));
  }

  get freeBytes(): number {
    const { bavail, bsize } = fs.statfsSync(this.path);
    return bavail * bsize;
  }

  /** Names of all files on it except the file that fills it. */
  files(): string[] {
    const names = fs.readdirSync(this.path, { recursive: true, encoding: "utf8" });
    return names.filter((name) => name !== "ballast" && fs.lstatSync(join(this.path, name)).isFile()).sort();
  }

  /** Fills it, leaving this many bytes free. */
  fill(freeBytes = 0): void {
    const descriptor = fs.openSync(this.#ballast, "a");
    try {
      for (;;) fs.writeSync(descriptor, Buffer.alloc(4096));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      fs.ftruncateSync(descriptor, Math.max(0, fs.fstatSync(descriptor).size - freeBytes));
    } finally {
      fs.closeSync(descriptor);
    }
  }

  /** Undoes `fill`. */
  free(): void {
    fs.rmSync(this.#ballast, { force: true });
  }

  /** Unmounts it, even if files on it are still open. */
  async unmount(): Promise<void> {
    await this.#unmount();
  }
}

/** Why no small disk is available here, as the end of a sentence in parentheses; undefined when one is. */
export const whyNoSmallDisk = await findOut();

async function findOut(): Promise<string | undefined> {
  const path = fs.mkdtempSync(join(tmpdir(), "mr-small-disk-"));
  try {
    await SmallDisk.mount(path, 64).unmount();
    return undefined;
  } catch (error) {
    // The first line of a failed command is the command.
    const [first = "", second] = (error as Error).message.split("\n");
    const reason = second ?? first;
    return ` (skipped: a small disk cannot be mounted here, neither directly nor by sudo: ${reason})`;
  } finally {
    fs.rmdirSync(path);
  }
}

/**
 * Starts a process that unmounts the disk on request, or when this process has ended without a request. It does not
 * wait for open files: a failed test may have left some.
 */
function unmounter(path: string): () => Promise<void> {
  const [command = "", ...args] = rootCommand("umount", "-l", path);
  const script = `trap "" INT TERM HUP; read -r _; exec "$0" "$@"`;
  const shell = spawn("/bin/sh", ["-c", script, command, ...args], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  const gone = once(shell, "exit");
  shell.unref();
  return async () => {
    shell.ref();
    shell.stdin.end();
    const [code] = (await gone) as [number | null];
    if (code !== 0) throw new Error(`${path} cannot be unmounted`);
  };
}

function asRoot(...command: string[]): void {
  const [name = "", ...args] = rootCommand(...command);
  execFileSync(name, args, { stdio: ["ignore", "ignore", "pipe"] });
}

function rootCommand(...command: string[]): string[] {
  return isRoot ? command : ["sudo", "-n", ...command];
}
