import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Compression } from "../../src/model/input-kinds.js";
import { piecesOf } from "../../src/input/file-pieces.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { xzOf } from "../support/xz-file.js";
import { contentsOf, frameOf, skippableFrame, uint32, type Frame } from "./zstd-frames.js";

const temporary = useTemporaryDirectory();

async function read(bytes: Uint8Array, compression?: Compression): Promise<Buffer> {
  const path = temporary.newPath();
  writeFileSync(path, bytes);
  const pieces: Uint8Array[] = [];
  const split = { file: "in", path, ...(compression === undefined ? {} : { compression }) };
  for await (const piece of piecesOf(split, () => undefined)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** `zstd -19` of sixty lines. */
const byProgram = Buffer.from(
  "KLUv/WSADn0KAHaTMh2gKR3/WVXNak/Ssv1Pa3vWhioY5d5yJymBL79OjTUAJgAkAHisB91n7zWAS6k0oFgcBoajUULzmJQ5NJUISmAeD8bRUDAGfSyQNsuhaRNhmi4tMOoyC0QiiPAY9iB62uk9me+qt8yYt2vKhPDgMevBfOL9ZnNV2al5bMoX4TXpjshedF+s9+T16Xouupp77rna/bXcu5ZrRldl6/zUfEppqCiAKix0eh4v5Q3hGY/V9aDzWeleyFzoqlPH9XxdyjKENh4r68HL5wN2qBHAtVz73wGwcwrSBhJI4JAFCMH///MHTTQt16oHjG9YsWFD+9Owq68esLZxCwxr6CaQM1AvN3Tq9jU6y/FzpK2cBS91nqr0piVo3kA7ZAv29QvduUE7F2jvomb0za6Lc0M16lyxr65dFHxhtYRtEw7ceqOag4OtPzUr8OsFgK0CNcpBBQ==",
  "base64",
);
const byProgramContents = Array.from(
  { length: 60 },
  (_, n) => `line ${n + 1} of a text that was compressed by the zstd program, é ${(n + 1) ** 2}\n`,
).join("");

/** `xz -0` of the same lines, with a CRC-64. */
const byXz = Buffer.from(
  "/Td6WFoAAATm1rRGAgAhAQwAAACPmEGc4A9/AVZdADYaSh8IoCuxbQad7+2MoT/IOM9thS+bNf72Y/XAcBuM6j2C9uhZGpgBVBRbu0cNZqmKCTm4HcZ/umORgXuYhb3cr7wUC2SascEVs3Z49zmeDA6jxMjvqDCBJH7+4ILaFkmZFI8M3I+pGNQ9tjA4xOGnLQv4XpT/5e9boC52P2QFBuee+Iy9OEdNYKKJ4GOQaC5GV0sRlAw+VIYN0W/TakdXUfwWm6ml1FNtGQx3JzxOM3qIV5B+OPUPhbtRhF7RCPMoMeG+CCyoDFUho/E3lUgCAzA7s/JE9OOzykUosoU1d0lguFE/mWeCUTK6aTtfKktcaApReLoB9niIsW3LBxQPBxvKvO33bnw69/o1+BO2LPH6FNEYOpEzkEwbG5MRqtz6JaugxoGqGQ5GcGf4nD2I0X0WuvNnKH/pfKCcxSKZguae6ZuL6ZLEldshFbgryj6CpAfQAAAAAEwBfaZtBEywAAHyAoAfAADZbewbscRn+wIAAAAABFla",
  "base64",
);

/** Bytes that gzip compresses to a file of this length. */
function contentsOfGzip(bytes: number): Buffer {
  for (let length = bytes - 100; length < bytes; length++) {
    const contents = Buffer.alloc(length, "a line\n");
    if (gzipSync(contents, { level: 0 }).length === bytes) return contents;
  }
  throw new Error("there is no such file");
}

describe("the pieces of a file", () => {
  it("are its bytes when it is not compressed", async () => {
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, n) => n % 251));
    expect((await read(bytes)).equals(bytes)).toBe(true);
    expect(await read(Buffer.alloc(0))).toEqual(Buffer.alloc(0));
  });

  it("are the contents of a gzip file's members in sequence", async () => {
    const contents = fc.array(fc.uint8Array({ maxLength: 2000 }), { minLength: 1, maxLength: 4 });
    const run = async (members: Uint8Array[]) => {
      const file = Buffer.concat(members.map((member) => gzipSync(member)));
      expect((await read(file, "gzip")).equals(Buffer.concat(members))).toBe(true);
    };
    await fc.assert(fc.asyncProperty(contents, run), { numRuns: 50 });
  });

  it.each([-2, -1, 0, 1, 2, 9, 10, 11])(
    "are those of both members of a gzip file when the first ends %i bytes behind what is read at a time",
    async (more) => {
      const first = contentsOfGzip(65_536 + more);
      const file = Buffer.concat([gzipSync(first, { level: 0 }), gzipSync("the second")]);
      expect((await read(file, "gzip")).equals(Buffer.concat([first, Buffer.from("the second")]))).toBe(true);
    },
  );

  it("are the contents of a zstd file's frames in sequence", async () => {
    const block = fc.oneof(
      fc.uint8Array({ maxLength: 3000 }),
      fc.record({ byte: fc.nat(255), times: fc.integer({ min: 1, max: 128 * 1024 }) }),
    );
    const frame: fc.Arbitrary<Frame> = fc.record({
      blocks: fc.array(block, { maxLength: 4 }),
      hasChecksum: fc.boolean(),
      hasLength: fc.boolean(),
    });
    const run = async (frames: Frame[], skipped: Uint8Array) => {
      const file = Buffer.concat(frames.flatMap((frame) => [skippableFrame(skipped), frameOf(frame)]));
      expect((await read(file, "zstd")).equals(Buffer.concat(frames.map(contentsOf)))).toBe(true);
    };
    const frames = fc.array(frame, { minLength: 1, maxLength: 4 });
    await fc.assert(fc.asyncProperty(frames, fc.uint8Array(), run), { numRuns: 100 });
  });

  it("are the data that the zstd program compressed", async () => {
    expect((await read(byProgram, "zstd")).toString()).toBe(byProgramContents);
    const twice = await read(Buffer.concat([byProgram, byProgram]), "zstd");
    expect(twice.toString()).toBe(byProgramContents + byProgramContents);
  });

  it("are the contents of an xz file's streams in sequence, with padding between them", async () => {
    const stream = fc.record({
      contents: fc.oneof(
        fc.uint8Array({ maxLength: 3000 }),
        fc.integer({ min: 65_000, max: 200_000 }).map((length) => Buffer.alloc(length, "a line\n")),
      ),
      paddingBytes: fc.constantFrom(0, 0, 4, 8, 70_000),
    });
    const run = async (streams: { contents: Uint8Array; paddingBytes: number }[]) => {
      const parts = streams.flatMap(({ contents, paddingBytes }) => [xzOf(contents), Buffer.alloc(paddingBytes)]);
      const contents = Buffer.concat(streams.map((stream) => stream.contents));
      expect((await read(Buffer.concat(parts), "xz")).equals(contents)).toBe(true);
    };
    await fc.assert(fc.asyncProperty(fc.array(stream, { minLength: 1, maxLength: 4 }), run), { numRuns: 50 });
    expect(temporary.openFiles()).toBe(0);
  });

  it("are the data that the xz program compressed", async () => {
    expect((await read(byXz, "xz")).toString()).toBe(byProgramContents);
    const several = await read(Buffer.concat([byXz, xzOf("between\n"), byXz]), "xz");
    expect(several.toString()).toBe(`${byProgramContents}between\n${byProgramContents}`);
  });

  it("are the data that xz compressed with the largest dictionary of its presets, 64 MiB", async () => {
    const base64 =
      "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jMAQASdGV4dCBvZiBhbiB4eiBmaWxlCgAA6pKM4/YjL6gAASsTnAlI0h+2830BAAAAAARZWg==";
    expect((await read(Buffer.from(base64, "base64"), "xz")).toString()).toBe("text of an xz file\n");
  });

  it("of several xz files can be read in turn, while another reader is stopped in the middle", async () => {
    const path = temporary.newPath();
    const contents = Buffer.from(Array.from({ length: 500_000 }, (_, n) => n % 251));
    writeFileSync(path, xzOf(contents));
    const open = () => piecesOf({ file: "in", path, compression: "xz" });
    const stopped = open();
    await stopped.next();
    const others = [open(), open(), open()];
    const found: Uint8Array[][] = others.map(() => []);
    for (let isOpen = true; isOpen;) {
      const results = await Promise.all(others.map((pieces) => pieces.next()));
      isOpen = results.some(({ done }) => done !== true);
      for (const [index, { done, value }] of results.entries()) if (done !== true) found[index]?.push(value);
    }
    for (const pieces of found) expect(Buffer.concat(pieces).equals(contents)).toBe(true);
    expect(temporary.openFiles()).toBe(1);
    await stopped.return(undefined);
    expect(temporary.openFiles()).toBe(0);
  });
});

describe("a compressed file that is damaged", () => {
  const files: [Compression, Buffer][] = [
    ["gzip", gzipSync(byProgramContents)],
    ["zstd", byProgram],
    ["xz", byXz],
  ];

  it.each(files)("is an error when it is cut off anywhere (%s)", async (compression, file) => {
    for (let length = 1; length < file.length; length += length < 30 || length > file.length - 10 ? 1 : 17) {
      const reading = read(file.subarray(0, length), compression);
      await expect(reading).rejects.toThrow(/^in cannot be decompressed: unexpected end of file .*-t tells/);
    }
    expect(temporary.openFiles()).toBe(0);
  });

  it.each(files)("never gives other bytes, whichever of its bytes is another one (%s)", async (compression, file) => {
    let errors = 0;
    for (let at = 4; at < file.length; at++) {
      const damaged = Buffer.from(file);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
      try {
        expect((await read(damaged, compression)).toString()).toBe(byProgramContents);
      } catch (error) {
        expect((error as Error).message).toMatch(/^in cannot be decompressed: /);
        errors += 1;
      }
    }
    // Except for some of the header, such as the time of compression.
    expect(errors).toBeGreaterThan(file.length - 20);
  });

  it("is an error when something else follows the frames of zstd", async () => {
    await expect(read(Buffer.concat([byProgram, Buffer.from("more of it")]), "zstd")).rejects.toThrow(/cannot be/);
  });

  it.each([
    ["text", Buffer.from("more than twelve bytes of it"), /something other than xz data follows its last stream/],
    ["a part of a second stream", byXz.subarray(0, 300), /unexpected end of file/],
    ["padding that is not a multiple of four bytes", Buffer.alloc(3), /its data or a checksum is wrong/],
  ])("is an error when %s follows the streams of xz", async (_, more, why) => {
    await expect(read(Buffer.concat([byXz, more]), "xz")).rejects.toThrow(why);
  });

  it("is an error when an xz file has become empty", async () => {
    await expect(read(Buffer.alloc(0), "xz")).rejects.toThrow(/unexpected end of file .*xz -t tells/);
  });

  // Compressed by liblzma 5.
  it.each([
    [
      "a checksum in SHA-256",
      "/Td6WFoAAArh+wyhAgAhARYAAAB0L+WjAQASdGV4dCBvZiBhbiB4eiBmaWxlCgAAxL6GSPh644o8g0y306XH7OmKnZIvF8h3eJIWf0ITU58AAUMTM+hsfxibS5oBAAAAAApZWg==",
      "SHA-256",
    ],
    [
      "a BCJ filter",
      "/Td6WFoAAATm1rRGAgEEACEBFgANhjUfAQASdGV4dCBvZiBhbiB4eiBmaWxlCgAA6pKM4/YjL6gAASsTnAlI0h+2830BAAAAAARZWg==",
      "BCJ",
    ],
    [
      "a delta filter",
      "/Td6WFoAAATm1rRGAgEDAQAhARZ5IMTuAQASdPET/KxP97pBDbJYAqZGAwP5pQAA6pKM4/YjL6gAASsTnAlI0h+2830BAAAAAARZWg==",
      "delta",
    ],
    [
      "a dictionary of 96 MiB",
      "/Td6WFoAAATm1rRGAgAhAR0AAAB1qOR0AQASdGV4dCBvZiBhbiB4eiBmaWxlCgAA6pKM4/YjL6gAASsTnAlI0h+2830BAAAAAARZWg==",
      "larger than 64 MiB",
    ],
  ])("is an error that names the program to use when an xz file has %s", async (_, base64, what) => {
    await expect(read(Buffer.from(base64, "base64"), "xz")).rejects.toThrow(
      new RegExp(`^in cannot be decompressed: .*${what}[^?]*: xz -dc in \\| mr run APP -$`),
    );
    expect(temporary.openFiles()).toBe(0);
  });

  it("is an error when a zstd frame has a different length than declared, or needs too much memory", async () => {
    const frame = frameOf({ blocks: [Buffer.from("abc")], hasChecksum: false, hasLength: true });
    const longer = Buffer.concat([frame.subarray(0, 6), uint32(4), frame.subarray(10)]);
    // The decoder of Node.js finds it first, and gives no details.
    const why = /a frame does not have its declared length|Data corruption detected/;
    await expect(read(longer, "zstd")).rejects.toThrow(why);
    const wide = Buffer.from(frame);
    wide[5] = (28 - 10) << 3;
    await expect(read(wide, "zstd")).rejects.toThrow(/a window of more than 128 MiB[^?]*zstd -d --long=31$/);
    const withDictionary = Buffer.from(frame);
    withDictionary[4] = 0x81;
    await expect(read(withDictionary, "zstd")).rejects.toThrow(/with a dictionary[^?]*zstd -d -D$/);
  });
});
