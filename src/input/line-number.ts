import type { Split } from "../rpc/protocol.js";
import { piecesOf } from "./file-pieces.js";

const newline = 0x0a;

/**
 * The number of the line, from 1, that the byte at `offset` of the file is in. Nobody counts lines while all is well: so
 * all of the file before it is read for that. Throws what reading throws.
 */
export async function lineNumber(split: Split, offset: number): Promise<number> {
  let number = 1;
  let at = 0;
  for await (const piece of piecesOf(split)) {
    const end = Math.min(piece.length, offset - at);
    for (let found = piece.indexOf(newline); found >= 0 && found < end; found = piece.indexOf(newline, found + 1)) {
      number += 1;
    }
    at += piece.length;
    if (at >= offset) break;
  }
  return number;
}
