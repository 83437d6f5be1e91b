import { crc32 } from "node:zlib";

const checkCrc32 = 1;
const chunkBytesMax = 64 * 1024;

/**
 * A stream in the xz format (https://tukaani.org/xz/xz-file-format.txt, version 1.2.1) with these contents: one block with a
 * CRC-32, whose LZMA2 chunks are stored uncompressed.
 */
export function xzOf(contents: Uint8Array | string): Buffer {
  const bytes = Buffer.from(contents);
  const flags = Buffer.from([0, checkCrc32]);
  const header = Buffer.concat([Buffer.from("fd377a585a00", "hex"), flags, uint32(crc32(flags))]);
  // One filter: LZMA2 (0x21) with properties of one byte, a dictionary of 64 KiB (8).
  const blockHeader = withCrc(Buffer.from([2, 0, 0x21, 1, 8, 0, 0, 0]));
  const data = chunksOf(bytes);
  const unpaddedBytes = blockHeader.length + data.length + 4;
  const block = Buffer.concat([padded(Buffer.concat([blockHeader, data])), uint32(crc32(bytes))]);
  const record = Buffer.concat([Buffer.from([0, 1]), variableLength(unpaddedBytes), variableLength(bytes.length)]);
  const index = withCrc(padded(record));
  const tail = Buffer.concat([uint32(index.length / 4 - 1), flags]);
  return Buffer.concat([header, block, index, uint32(crc32(tail)), tail, Buffer.from("YZ")]);
}

function chunksOf(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytesMax) {
    const chunk = bytes.subarray(at, at + chunkBytesMax);
    const size = Buffer.alloc(2);
    size.writeUInt16BE(chunk.length - 1);
    // Only the first chunk resets the dictionary.
    parts.push(Buffer.from([at === 0 ? 1 : 2]), size, chunk);
  }
  return Buffer.concat([...parts, Buffer.alloc(1)]);
}

function withCrc(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, uint32(crc32(bytes))]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Seven bits per byte, lowest first. */
function variableLength(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
