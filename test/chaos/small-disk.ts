import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

const sizeMiB = 96;

/** Whether an error reports a full disk. */
export function saysDiskIsFull(message: string): boolean {
  return /ENOSPC|no space left|disk is full/i.test(message);
}

/** A file system in memory that can be filled up. Mounting it requires the right to mount. */
export class SmallDisk {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Undefined when it cannot be mounted. */
  static mount(path: string): SmallDisk | undefined {
    mkdirSync(path);
    const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${sizeMiB}m`, "mr-chaos", path]);
    if (status === 0) return new SmallDisk(path);
    rmSync(path, { recursive: true });
    return undefined;
  }

  /** Uses up all remaining space. */
  fill(): void {
    const file = openSync(this.#filler, "a");
    try {
      for (let block = Buffer.alloc(1024 * 1024); block.length > 0;) {
        try {
          writeSync(file, block);
        } catch {
          block = block.subarray(0, Math.floor(block.length / 2));
        }
      }
    } finally {
      closeSync(file);
    }
  }

  /** Frees the space. */
  free(): void {
    rmSync(this.#filler, { force: true });
  }

  unmount(): void {
    const { status, stderr } = spawnSync("umount", ["-l", this.path], { encoding: "utf8" });
    if (status !== 0) throw new Error(`cannot unmount ${this.path}: ${stderr}`);
  }

  get #filler(): string {
    return join(this.path, "filler");
  }
}
