import type { Split } from "../model/split.js";
import { placedPiecesOf } from "./file-pieces.js";

const [newline, carriageReturn] = [0x0a, 0x0d];

/**
 * The number, from 1, of the line that contains the byte at `offset` of the file. Readers do not count lines unless
 * there is an error, so this reads the file up to there. If the first line ends with a lone carriage return, every lone
 * carriage return ends a line. Throws the errors of reading.
 */
export async function lineNumber(split: Split, offset: number): Promise<number> {
  let number = 1;
  let previous = 0;
  let endsAtReturn: boolean | undefined;
  for await (const { offset: at, bytes: piece } of placedPiecesOf(split)) {
    const end = Math.max(0, Math.min(piece.length, offset - at));
    let place = 0;
    for (; endsAtReturn !== false && place < end; place++) {
      const byte = piece[place] ?? 0;
      const isAfterReturn = previous === carriageReturn;
      previous = byte;
      if (isAfterReturn && byte !== newline) {
        endsAtReturn = true;
        number += 1;
      } else if (byte === newline) {
        number += 1;
        endsAtReturn ??= false;
      }
    }
    if (endsAtReturn === false) number += newlines(piece, place, end);
    if (at + piece.length >= offset) break;
  }
  // The line begins after the last carriage return, at a byte that was not examined.
  return endsAtReturn !== false && previous === carriageReturn ? number + 1 : number;
}

function newlines(piece: Uint8Array, from: number, end: number): number {
  let count = 0;
  for (let found = piece.indexOf(newline, from); found >= 0 && found < end; found = piece.indexOf(newline, found + 1)) {
    count += 1;
  }
  return count;
}
