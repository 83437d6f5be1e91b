/**
 * The state of a file when it was inspected, and whether it has changed since. Used for the inputs of a job, and for
 * the files that an app reads beside them.
 *
 * Length, modification time and inode cost one `fstat`. Only when one differs are bytes compared, at both edges of the
 * file: a log that grew still begins, and ends at its old length, as before; a rewritten file does not. On some file
 * systems (FAT, FUSE) the inode number of a file changes by itself; then its times show that it is the same. This check
 * misses a file that was changed in the middle and has also grown, and a file that was changed in place and given its
 * former modification time.
 */
import { readSync, type BigIntStats } from "node:fs";
import { crc32 } from "node:zlib";

/** How much of each end of a file the checksum covers. */
const edgeBytes = 4096;

/** The state of a file as JSON, for the plan of a job. */
export interface FileState {
  readonly sizeBytes: number;
  /** When it was last modified, in milliseconds since 1970. */
  readonly modifiedMs: number;
  /** When its inode was last changed, which no program can set: by writing, renaming, linking or `chmod`. */
  readonly statusChangedMs: number;
  /**
   * In decimal digits, because some file systems use all 64 bits. Without the device, whose number may change with a
   * restart.
   */
  readonly inode: string;
  /** CRC-32 of its first and last 4 KiB. */
  readonly edges: number;
}

export interface Change {
  /** Whether the file still has its old contents, and more after them. */
  readonly hasOnlyGrown: boolean;
  /** For display: "it had 5 bytes …". */
  readonly text: string;
}

/** The state of an open file; undefined when it has fewer bytes than its size claims, as files in /sys do. */
export function stateOf(descriptor: number, stats: BigIntStats): FileState | undefined {
  const sizeBytes = Number(stats.size);
  const edges = edgesOf(descriptor, sizeBytes);
  if (edges === undefined) return undefined;
  const [modifiedMs, statusChangedMs] = [inMs(stats.mtimeNs), inMs(stats.ctimeNs)];
  return { sizeBytes, modifiedMs, statusChangedMs, inode: String(stats.ino), edges };
}

/**
 * Says how a file differs from its planned state; undefined when it does not. `edgesNow` is called only when needed,
 * and returns the result of `edgesOf` for the first `planned.sizeBytes` bytes.
 */
export function changeSince(
  planned: FileState,
  stats: BigIntStats,
  edgesNow: () => number | undefined,
): Change | undefined {
  if (!stats.isFile()) return changed("it is no longer a regular file");
  const sizeBytes = Number(stats.size);
  if (sizeBytes < planned.sizeBytes) return changed(sizesText(planned.sizeBytes, sizeBytes));
  const isSameInode = String(stats.ino) === planned.inode;
  const isSameSize = sizeBytes === planned.sizeBytes;
  const isSameTime = inMs(stats.mtimeNs) === planned.modifiedMs;
  if (isSameSize && isSameTime && isSameInode) return undefined;
  const hasSameEdges = edgesNow() === planned.edges;
  if (!isSameInode) {
    const isNumberedAnew = isSameSize && isSameTime && inMs(stats.ctimeNs) === planned.statusChangedMs && hasSameEdges;
    return isNumberedAnew ? undefined : changed("another file has taken its place");
  }
  if (isSameSize) return changed("it was modified, but has the same length as before");
  if (!hasSameEdges) return changed(`it was rewritten: ${sizesText(planned.sizeBytes, sizeBytes)}`);
  return { hasOnlyGrown: true, text: sizesText(planned.sizeBytes, sizeBytes) };
}

function changed(text: string): Change {
  return { hasOnlyGrown: false, text };
}

function sizesText(before: number, now: number): string {
  return `it had ${before} bytes when the job was planned and has ${now} now`;
}

/** Exact to a quarter of a microsecond, which is finer than the clocks of file systems tick. */
function inMs(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1e6;
}

/** The checksum of both ends of an open file of that length; undefined when the file is shorter. */
export function edgesOf(descriptor: number, sizeBytes: number): number | undefined {
  const head = bytesAt(descriptor, 0, Math.min(edgeBytes, sizeBytes));
  const tailStart = Math.max(edgeBytes, sizeBytes - edgeBytes);
  if (head === undefined || sizeBytes <= edgeBytes) return head && crc32(head);
  const tail = bytesAt(descriptor, tailStart, sizeBytes - tailStart);
  return tail && crc32(tail, crc32(head));
}

/** Undefined when the file has fewer bytes. */
function bytesAt(descriptor: number, position: number, length: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(length);
  for (let filled = 0; filled < length;) {
    const read = readSync(descriptor, bytes, filled, length - filled, position + filled);
    if (read === 0) return undefined;
    filled += read;
  }
  return bytes;
}
