import { constants, crc32, deflateRawSync } from "node:zlib";
import type { FinishedFile, StagedFile } from "../storage/staged-file.js";

/**
 * The amount compressed at once. Each block is compressed without knowledge of earlier ones, which makes files a little
 * longer; half a mebibyte is sixteen times the format's window.
 */
const blockBytes = 512 * 1024;

/**
 * A gzip header (RFC 1952) without name and time, so that the same records give the same bytes: magic number, deflate
 * as the method, no flags, no time, no extra flags, unknown system.
 */
const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);

/** The last block of a deflate stream (RFC 1951), an empty one: every other block says that another follows. */
const lastBlock = Uint8Array.of(3, 0);

/**
 * Compresses the data for a staged file in blocks, each compressed by itself. Together they form a single gzip member,
 * so even readers that do not support several members can read it. A block is raw deflate that ends on a byte boundary,
 * as in `pigz`, with one header and one trailer around the whole.
 *
 * It compresses synchronously: a reduce task has nothing else to do meanwhile, and a stream would turn every `emit` of an
 * app into a promise.
 */
export class GzipFile {
  readonly #file: StagedFile;
  #block = Buffer.allocUnsafeSlow(blockBytes);
  #filled = 0;
  /** The checksum of the data up to now. */
  #checksum = 0;
  #bytes = 0;

  constructor(file: StagedFile) {
    this.#file = file;
    file.append(header);
  }

  /** Like `StagedFile.append`. */
  append(data: string | Uint8Array): void {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    if (this.#block.length === 0) this.#block = Buffer.allocUnsafeSlow(blockBytes);
    for (let from = 0; from < bytes.length;) {
      const piece = bytes.subarray(from, from + blockBytes - this.#filled);
      this.#block.set(piece, this.#filled);
      this.#filled += piece.length;
      from += piece.length;
      if (this.#filled === blockBytes) this.#compress();
    }
  }

  /** Like `StagedFile.suspend`. */
  suspend(): void {
    this.#compress();
    this.#block = Buffer.alloc(0);
    this.#file.suspend();
  }

  finish(): FinishedFile {
    this.#compress();
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(this.#checksum, 0);
    trailer.writeUInt32LE(this.#bytes % 2 ** 32, 4);
    this.#file.append(lastBlock);
    this.#file.append(trailer);
    this.#block = Buffer.alloc(0);
    return this.#file.finish();
  }

  discard(): void {
    this.#block = Buffer.alloc(0);
    this.#file.discard();
  }

  #compress(): void {
    if (this.#filled === 0) return;
    const block = this.#block.subarray(0, this.#filled);
    this.#checksum = crc32(block, this.#checksum);
    this.#bytes += block.length;
    this.#file.append(deflateRawSync(block, { finishFlush: constants.Z_SYNC_FLUSH }));
    this.#filled = 0;
  }
}
