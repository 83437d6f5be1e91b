import { constants, isAscii } from "node:buffer";
import prettyBytes from "pretty-bytes";
import type { Split } from "../rpc/protocol.js";

/**
 * The string of some bytes of UTF-8; what is not UTF-8 becomes U+FFFD. Throws an Error that names file, offset and the
 * `wayOut` when it would be too long for a string.
 */
export function decode(bytes: Buffer, { file }: Pick<Split, "file">, offset: number, wayOut: string): string {
  // A string is counted in UTF-16 units, of which UTF-8 text has at most as many as bytes.
  if (bytes.length > constants.MAX_STRING_LENGTH) {
    throw new Error(
      `${file}: what begins at offset ${offset} has ${prettyBytes(bytes.length)}, more than one string can hold ` +
        `(${prettyBytes(constants.MAX_STRING_LENGTH)}): ${wayOut}`,
    );
  }
  return bytes.toString(isAscii(bytes) ? "latin1" : "utf8");
}
