import fc from "fast-check";

/** One change of a file's bytes, at a position that wraps around the file. */
export interface ByteDamage {
  readonly kind: "flip" | "cut" | "insert" | "remove" | "swap lines" | "repeat line" | "append";
  readonly at: number;
  readonly other: number;
  readonly bytes: Uint8Array;
}

/** Bytes with a meaning in a line of JSON, and bytes that are not UTF-8. */
const telling = fc.constantFrom(
  ...Buffer.from('\n\r\t "\\,[]{}:-+.0129eEu\0'),
  0x7f,
  0x80,
  0xc3,
  0xed,
  0xa0,
  0xf4,
  0xff,
);
const rubbish = fc.oneof(
  fc.uint8Array({ maxLength: 6 }),
  fc.array(telling, { minLength: 1, maxLength: 6 }).map((bytes) => Uint8Array.from(bytes)),
  fc
    .constantFrom('["z",["1"]]\n', '["",[{}],[2]]\n', '["a",["1"]', "\n", "\\u00e9", "99999999999999999999")
    .map((text) => Uint8Array.from(Buffer.from(text))),
);

const damage: fc.Arbitrary<ByteDamage> = fc.record({
  kind: fc.constantFrom("flip", "cut", "insert", "insert", "remove", "swap lines", "repeat line", "append"),
  at: fc.nat(5000),
  other: fc.nat(5000),
  bytes: rubbish,
});

/** Up to three changes, sometimes none. */
export const byteDamages: fc.Arbitrary<readonly ByteDamage[]> = fc.array(damage, { maxLength: 3 });

export function damaged(content: Buffer, damages: readonly ByteDamage[]): Buffer {
  return damages.reduce((bytes: Buffer, damage) => withDamage(bytes, damage), content);
}

function withDamage(content: Buffer, { kind, at, other, bytes }: ByteDamage): Buffer {
  const from = at % (content.length + 1);
  switch (kind) {
    case "flip": {
      const flipped = Buffer.from(content);
      if (from < flipped.length) flipped[from] = (flipped[from] ?? 0) ^ (1 << (other % 8));
      return flipped;
    }
    case "cut":
      return content.subarray(0, from);
    case "insert":
      return Buffer.concat([content.subarray(0, from), bytes, content.subarray(from)]);
    case "remove":
      return Buffer.concat([content.subarray(0, from), content.subarray(from + 1 + (other % 8))]);
    case "append":
      return Buffer.concat([content, bytes]);
    default:
      return withLines(content, kind, at, other);
  }
}

function withLines(content: Buffer, kind: "swap lines" | "repeat line", at: number, other: number): Buffer {
  const lines = content.toString("latin1").split(/(?<=\n)/u);
  const [a, b] = [at % lines.length, other % lines.length];
  const [lineA, lineB] = [lines[a] ?? "", lines[b] ?? ""];
  lines[a] = kind === "swap lines" ? lineB : lineA + lineA;
  if (kind === "swap lines") lines[b] = lineA;
  return Buffer.from(lines.join(""), "latin1");
}
