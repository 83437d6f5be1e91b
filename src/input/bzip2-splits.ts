import { setImmediate as nextTurn } from "node:timers/promises";
import type { RecordKind } from "../model/input-kinds.js";
import type { Split } from "../model/split.js";
import { headBytes } from "./binary-format.js";
import { combined, headerBytes, magicAndChecksumBits, magicBits } from "./bzip2-magic.js";
import { Bzip2Window } from "./bzip2-window.js";
import type { BlockRange } from "./bzip2.js";
import { contentOf } from "./content.js";
import { bytePiecesOf, storedPieces } from "./file-pieces.js";
import { InputHandle } from "./input-handle.js";
import { kindsOfLines, lengthOf } from "./splits.js";

/** How many blocks are examined before the event loop continues: some megabytes. */
const turnBlocks = 64;

export interface CutOptions {
  /** The usual size of a split in bytes. */
  readonly splitBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Cuts large bzip2 files of lines into splits that begin with a block. The blocks are independent of each other, and this
 * finds them without decoding: it reads each file once, at the speed of memory.
 *
 * A block begins with 48 bits that may also occur within a block or in other bytes behind the last stream. So it compares the
 * checksum of each stream with the checksums of the blocks that it found, and cuts nothing from the first stream on where
 * they, or the bytes behind the stream, are not as they should be. The reader of the last split then reports what is wrong.
 * Files whose contents are not UTF-8 stay as they are.
 *
 * Throws the reason of `signal` when it is aborted.
 */
export async function cutBzip2Files(
  splits: readonly Split[],
  kind: RecordKind,
  { splitBytes, signal }: CutOptions,
): Promise<Split[]> {
  const cut: Split[] = [];
  for (const split of splits) {
    const isLarge = lengthOf(split) > splitBytes;
    if (split.compression !== "bzip2" || !isLarge || !kindsOfLines.includes(kind)) cut.push(split);
    else cut.push(...(await cutFile(split, Math.ceil(lengthOf(split) / splitBytes), signal)));
  }
  return cut;
}

async function cutFile(file: Split, count: number, signal: AbortSignal | undefined): Promise<Split[]> {
  const places = Array.from({ length: count - 1 }, (_, n) => Math.floor((file.endBytes / count) * (n + 1)));
  const starts = await blocksAt(file, places, signal);
  return [{ firstBit: 0, number: 0 }, ...starts].map((start, n) => {
    const endBit = starts[n]?.firstBit;
    return {
      ...file,
      startBytes: Math.floor(start.firstBit / 8),
      endBytes: endBit === undefined ? file.endBytes : Math.floor(endBit / 8),
      ...(starts.length === 0 ? {} : { blocks: { ...start, ...(endBit === undefined ? {} : { endBit }) } }),
    };
  });
}

/** For each place, finds the first block at or after it; nothing if the file cannot be cut. */
async function blocksAt(
  file: Split,
  places: readonly number[],
  signal: AbortSignal | undefined,
): Promise<BlockRange[]> {
  try {
    if (!(await isUtf8Text(file))) return [];
    const handle = new InputHandle(file);
    try {
      const pieces = storedPieces(handle);
      return await firstBlocks(new Bzip2Window(pieces, 0), places, signal);
    } finally {
      handle.close();
    }
  } catch {
    signal?.throwIfAborted();
    // The map task that reads the file will report the error.
    return [];
  }
}

async function isUtf8Text(file: Split): Promise<boolean> {
  // The first piece has at least as many bytes as are needed, if the file has them.
  for await (const piece of bytePiecesOf(file, () => undefined)) {
    return Object.keys(contentOf(Buffer.from(piece).subarray(0, headBytes))).length === 0;
  }
  return true;
}

async function firstBlocks(
  file: Bzip2Window,
  places: readonly number[],
  signal: AbortSignal | undefined,
): Promise<BlockRange[]> {
  const cuts: BlockRange[] = [];
  let place = 0;
  let number = 0;
  for (let header = 0; file.has(header * 8 + 1);) {
    if (file.headerAt(header) !== true) break;
    const inStream: BlockRange[] = [];
    let checksum = 0;
    let bit = (header + headerBytes) * 8;
    let found = file.magicAt(bit);
    for (; found?.isBlock === true; number += 1) {
      bit = found.bit;
      if (number > 0 && bit >= (places[place] ?? Infinity) * 8) {
        inStream.push({ firstBit: bit, number });
        while (bit >= (places[place] ?? Infinity) * 8) place += 1;
      }
      checksum = combined(checksum, file.checksumAt(bit) ?? 0);
      found = file.find(bit + magicBits, bit + magicBits);
      if (number % turnBlocks === 0) {
        await nextTurn();
        signal?.throwIfAborted();
      }
    }
    if (found === undefined || file.checksumAt(found.bit) !== checksum) break;
    cuts.push(...inStream);
    header = Math.ceil((found.bit + magicAndChecksumBits) / 8);
  }
  return cuts;
}
