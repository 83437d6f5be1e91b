import binary from "bzip2-wasm/bzip2-1.0.8/bzip2.wasm";

interface Library {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly malloc: (bytes: number) => number;
  readonly free: (address: number) => void;
  readonly __wasm_call_ctors: () => void;
  readonly BZ2_bzBuffToBuffCompress: (...args: number[]) => number;
}

let library: Library | undefined;

/** A bzip2 file with these contents, by libbzip2. A block has `level` times 100,000 bytes. */
export function bzip2Of(contents: Uint8Array | string, level = 1): Buffer {
  const bytes = Buffer.from(contents);
  library ??= load();
  const { memory, malloc, free, BZ2_bzBuffToBuffCompress: compress } = library;
  const most = Math.ceil(bytes.length * 1.01) + 600;
  const [from, to, length] = [malloc(bytes.length), malloc(most), malloc(4)];
  new Uint8Array(memory.buffer).set(bytes, from);
  new DataView(memory.buffer).setUint32(length, most, true);
  const result = compress(to, length, from, bytes.length, level, 0, 0);
  if (result !== 0) throw new Error(`libbzip2 reports ${result}`);
  const made = Buffer.from(new Uint8Array(memory.buffer, to, new DataView(memory.buffer).getUint32(length, true)));
  for (const address of [from, to, length]) free(address);
  return made;
}

function load(): Library {
  const unused = () => 0;
  const instance = new WebAssembly.Instance(new WebAssembly.Module(binary), {
    env: {
      exit: unused,
      emscripten_memcpy_big: (to: number, from: number, bytes: number) => {
        new Uint8Array(exports.memory.buffer).copyWithin(to, from, from + bytes);
      },
      emscripten_resize_heap: (bytes: number) => {
        const { memory } = instance.exports as { readonly memory: WebAssembly.Memory };
        return memory.grow(Math.ceil((bytes - memory.buffer.byteLength) / 65536)) > 0 ? 1 : 0;
      },
    },
    wasi_snapshot_preview1: { fd_close: unused, fd_write: unused, fd_seek: unused },
  });
  const exports = instance.exports as unknown as Library;
  exports.__wasm_call_ctors();
  return exports;
}

/**
 * The same file, with the bits that begin a block also within its first block, where decoders skip them: among the
 * selectors of Huffman tables. A block may have more selectors than it uses. The block must have at least three tables.
 */
export function withFalseMagic(file: Buffer): Buffer {
  const bits = Array.from(file, (byte) => byte.toString(2).padStart(8, "0")).join("");
  // The header of the stream; magic number, checksum, a flag, the first row.
  let at = 32 + 48 + 32 + 1 + 24;
  const rows = bits.slice(at, at + 16).replaceAll("0", "").length;
  at += 16 + 16 * rows;
  const tables = Number.parseInt(bits.slice(at, at + 3), 2);
  if (tables < 3) throw new Error(`only ${tables} tables`);
  const count = Number.parseInt(bits.slice(at + 3, at + 18), 2);
  let end = at + 18;
  // Each selector is some ones and a zero.
  for (let selector = 0; selector < count; selector++) end = bits.indexOf("0", end) + 1;
  // The magic number ends within a selector.
  const more = `${(0x314159265359).toString(2).padStart(48, "0")}0`;
  const moreCount = more.replaceAll("1", "").length;
  const changed =
    bits.slice(0, at + 3) +
    (count + moreCount).toString(2).padStart(15, "0") +
    bits.slice(at + 18, end) +
    more +
    withoutPadding(bits).slice(end);
  return Buffer.from((changed.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, "0"), 2)));
}

/** Without the bits after the last checksum. */
function withoutPadding(bits: string): string {
  const end = (0x177245385090).toString(2).padStart(48, "0");
  return bits.slice(0, bits.lastIndexOf(end) + 48 + 32);
}
