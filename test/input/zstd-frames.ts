import xxhash from "xxhash-wasm";

const hashes = await xxhash();

/** The properties of a test frame. It is not really compressed: blocks are raw, or one byte repeated. */
export interface Frame {
  readonly blocks: readonly (Uint8Array | { readonly byte: number; readonly times: number })[];
  readonly hasChecksum: boolean;
  readonly hasLength: boolean;
}

/** The contents of a frame. */
export function contentsOf({ blocks }: Frame): Buffer {
  return Buffer.concat(blocks.map((block) => ("byte" in block ? Buffer.alloc(block.times, block.byte) : block)));
}

/** RFC 8878, section 3.1.1, written independently of the product. */
export function frameOf(frame: Frame): Buffer {
  const contents = contentsOf(frame);
  const parts: Uint8Array[] = [Buffer.from("28b52ffd", "hex")];
  parts.push(Buffer.from([(frame.hasLength ? 0x80 : 0) | (frame.hasChecksum ? 4 : 0), (17 - 10) << 3]));
  if (frame.hasLength) parts.push(uint32(contents.length));
  const blocks = frame.blocks.length === 0 ? [Buffer.alloc(0)] : frame.blocks;
  for (const [index, block] of blocks.entries()) {
    const isLast = index === blocks.length - 1 ? 1 : 0;
    const [type, size, data] = "byte" in block ? [1, block.times, Buffer.from([block.byte])] : [0, block.length, block];
    parts.push(uint32(isLast | (type << 1) | (size << 3)).subarray(0, 3), Buffer.from(data));
  }
  const hash = Number(hashes.create64().update(contents).digest() & 0xffffffffn);
  if (frame.hasChecksum) parts.push(uint32(hash));
  return Buffer.concat(parts);
}

/** A frame without contents. */
export function skippableFrame(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from("5a2a4d18", "hex"), uint32(bytes.length), bytes]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
