import { binaryFormatOf, type BinaryFormat } from "./binary-format.js";
import { compressionOf } from "./compression.js";
import type { Compression, Encoding } from "../model/input-kinds.js";
import { encodingOf } from "./text-encoding.js";

/** What the first bytes of a file reveal about its contents; empty for UTF-8 and for unrecognised contents. */
export interface Content {
  readonly compression?: Compression;
  readonly encoding?: Encoding;
  readonly binary?: BinaryFormat;
}

/** `head` is the first `headBytes` of a file, or all of a shorter one. */
export function contentOf(head: Buffer): Content {
  const compression = compressionOf(head);
  if (compression !== undefined) return { compression };
  const encoding = encodingOf(head);
  if (encoding !== undefined) return { encoding };
  const binary = binaryFormatOf(head);
  return binary === undefined ? {} : { binary };
}
