/** Bytes that may or may not be lines, with any contents, in pieces of any size. */
import fc from "fast-check";
import { chunkSizes, cut } from "./chunks.js";
import { checkServed } from "./serving-peer.js";
import { targetOf, type Target } from "./target.js";

const line = '{"jsonrpc":"2.0","id":1,"method":"Status"}\n';
const tokens = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "\\",
  "\\u",
  "0",
  "-",
  "1e9",
  "null",
  "true",
  "\n",
  "\r",
  "\r\n",
  "\0",
  "é",
  "😀",
  "\u2028",
  '"jsonrpc":"2.0"',
  '"id":1',
  '"method":"Status"',
  '"result":1',
  '"__proto__":{}',
  line,
];

const piece: fc.Arbitrary<Buffer> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(fc.constantFrom(...tokens), { maxLength: 20 }).map((all) => Buffer.from(all.join(""))),
  },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 2, arbitrary: fc.constant(Buffer.from(line)) },
  { weight: 1, arbitrary: fc.nat(line.length).map((length) => Buffer.from(line.slice(0, length))) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 300 }).map((length) => Buffer.from("\n".repeat(length))) },
  { weight: 1, arbitrary: fc.nat(1500).map((length) => Buffer.from("x".repeat(length))) },
);

const stream = fc.record({
  pieces: fc.array(piece, { minLength: 1, maxLength: 40, size: "max" }),
  sizes: chunkSizes,
  lineBytesMax: fc.oneof({ weight: 3, arbitrary: fc.constant(100_000) }, fc.integer({ min: 1, max: 1500 })),
});

export const frames: Target = targetOf(
  stream,
  async ({ pieces, sizes, lineBytesMax }) => {
    await checkServed(cut(Buffer.concat(pieces), sizes), lineBytesMax);
    return pieces.length;
  },
  ({ pieces, sizes, lineBytesMax }) =>
    `${JSON.stringify(Buffer.concat(pieces).toString("latin1"))} in pieces of ${sizes.join(", ")}, lines of up to ${lineBytesMax}`,
);
