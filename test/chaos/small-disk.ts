import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

const sizeMiB = 96;

/** Whether an error is about a disk that is full. */
export function saysDiskIsFull(message: string): boolean {
  return /ENOSPC|no space left|disk is full/i.test(message);
}

/** A file system in memory that can be filled up. To mount one takes the right to. */
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

  /** Takes all space that is left. */
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

  /** Gives the space back. */
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
