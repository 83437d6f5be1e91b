import { isAscii } from "node:buffer";

/** Decodes UTF-8; invalid bytes become U+FFFD. */
export function decode(bytes: Buffer): string {
  return bytes.toString(isAscii(bytes) ? "latin1" : "utf8");
}
