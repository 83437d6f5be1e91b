/**
 * Decodes blocks with libbzip2 1.0.8, compiled to WebAssembly by the package `bzip2-wasm`. It decodes nearly as fast as the
 * `bzip2` program. This module instantiates the package's binary without the package's own code, which sets global
 * variables and finds the binary only as a file beside it. The alternatives: `seek-bzip`, in plain JavaScript, is slower by
 * a third and rejects what the first versions of bzip2 wrote; `@foxglove/wasm-bz2` has the same library in a binary of
 * twelve times the size; the others need a native binary.
 */
import binary from "bzip2-wasm/bzip2-1.0.8/bzip2.wasm";
import { headerBytes, magicAndChecksumBits, magicBits } from "./bzip2-magic.js";

interface Library {
  readonly memory: WebAssembly.Memory;
  readonly __wasm_call_ctors: () => void;
  readonly malloc: (bytes: number) => number;
  readonly free: (address: number) => void;
  readonly BZ2_bzBuffToBuffDecompress: (
    contents: number,
    contentsLength: number,
    stored: number,
    storedLength: number,
    isSmall: number,
    verbosity: number,
  ) => number;
}

const pageBytes = 64 * 1024;
const [ok, memoryError, outputFull] = [0, -3, -8];

/**
 * A block of 900,000 bytes, in which each five bytes stand for 259. Longer contents cannot occur: the library rejects them.
 */
const blockContentsMax = (900_000 / 5) * 259;
const usualContentsBytes = 1024 * 1024;

let library: Library | undefined;

/**
 * Decodes the block at the bits from `fromBit` up to `toBit`. Returns undefined when they are not exactly one block, or its
 * checksum is wrong. Throws a RangeError when there is not enough memory.
 */
export function decodeBlock(data: Uint8Array, fromBit: number, toBit: number): Uint8Array | undefined {
  library ??= load();
  const stream = streamOf(data, fromBit, toBit);
  const stored = allocate(library, stream.length);
  try {
    new Uint8Array(library.memory.buffer).set(stream, stored);
    for (let bytes = usualContentsBytes; ; bytes = Math.min(bytes * 4, blockContentsMax)) {
      const contents = decodeStream(library, stored, stream.length, bytes);
      if (contents !== "too long") return contents;
      if (bytes === blockContentsMax) return undefined;
    }
  } finally {
    library.free(stored);
  }
}

/** Undefined when the library rejects the stream. */
function decodeStream(
  library: Library,
  stored: number,
  storedBytes: number,
  contentsBytes: number,
): Uint8Array | undefined | "too long" {
  const { memory, free, BZ2_bzBuffToBuffDecompress: decompress } = library;
  const contents = allocate(library, 4 + contentsBytes);
  try {
    new DataView(memory.buffer).setUint32(contents, contentsBytes, true);
    const result = decompress(contents + 4, contents, stored, storedBytes, 0, 0);
    if (result === memoryError) throw outOfMemory();
    if (result === outputFull) return "too long";
    // Whatever else is wrong with data that was cut at what may be the beginning of a block, it is not a block.
    if (result !== ok) return undefined;
    const bytes = new DataView(memory.buffer).getUint32(contents, true);
    return new Uint8Array(memory.buffer).slice(contents + 4, contents + 4 + bytes);
  } finally {
    free(contents);
  }
}

/** A stream whose only block is this one: the stream then has the same checksum. */
function streamOf(data: Uint8Array, fromBit: number, toBit: number): Uint8Array {
  const bits = toBit - fromBit;
  const stream = new Uint8Array(headerBytes + Math.ceil((bits + magicAndChecksumBits) / 8));
  // The largest size of blocks; smaller ones are read in the same way.
  stream.set(Buffer.from("BZh9"));
  copyBits(data, fromBit, stream, headerBytes * 8, bits);
  const end = Uint8Array.of(0x17, 0x72, 0x45, 0x38, 0x50, 0x90);
  copyBits(end, 0, stream, headerBytes * 8 + bits, magicBits);
  copyBits(data, fromBit + magicBits, stream, headerBytes * 8 + bits + magicBits, 32);
  return stream;
}

/** Copies bits to a place where all following bits are 0. */
function copyBits(from: Uint8Array, fromBit: number, to: Uint8Array, toBit: number, bits: number): void {
  const shift = (fromBit % 8) - (toBit % 8);
  const firstTo = Math.floor(toBit / 8);
  const lastTo = Math.floor((toBit + bits - 1) / 8);
  // The byte of `from` whose bits, moved by `shift`, begin in the first byte of `to`.
  const base = Math.floor(fromBit / 8) - (shift < 0 ? 1 : 0);
  const left = shift < 0 ? shift + 8 : shift;
  for (let at = firstTo; at <= lastTo; at++) {
    const source = base + at - firstTo;
    let byte = (((from[source] ?? 0) << left) | ((from[source + 1] ?? 0) >> (8 - left))) & 0xff;
    if (at === firstTo) byte &= 0xff >> (toBit % 8);
    if (at === lastTo) byte &= 0xff << (7 - ((toBit + bits - 1) % 8));
    to[at] = (to[at] ?? 0) | byte;
  }
}

function allocate({ malloc }: Library, bytes: number): number {
  const address = malloc(bytes);
  if (address === 0) throw outOfMemory();
  return address;
}

function outOfMemory(): RangeError {
  return new RangeError("there is not enough memory to decode a block of bzip2");
}

/** Instantiates the library with what it expects of its surroundings; decoding a buffer uses only memory. */
function load(): Library {
  const unused = () => 0;
  const env = {
    exit: (code: number) => {
      throw new Error(`the bzip2 library ended with code ${code}`);
    },
    emscripten_memcpy_big: (to: number, from: number, bytes: number) => {
      new Uint8Array(exports.memory.buffer).copyWithin(to, from, from + bytes);
    },
    emscripten_resize_heap: (bytes: number) => {
      try {
        exports.memory.grow(Math.ceil((bytes - exports.memory.buffer.byteLength) / pageBytes));
        return 1;
      } catch {
        return 0;
      }
    },
  };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(binary), {
    env,
    wasi_snapshot_preview1: { fd_close: unused, fd_write: unused, fd_seek: unused },
  });
  const exports = instance.exports as unknown as Library;
  exports.__wasm_call_ctors();
  return exports;
}
