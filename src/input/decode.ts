import { isAscii } from "node:buffer";

/** The string of some bytes of UTF-8; what is not UTF-8 becomes U+FFFD. */
export function decode(bytes: Buffer): string {
  return bytes.toString(isAscii(bytes) ? "latin1" : "utf8");
}
