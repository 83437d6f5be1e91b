import type { JsonValue } from "../app/contract.js";
import { BadRecordError } from "./bad-record-error.js";
import { ReaderOver } from "./reader-over.js";

/** The documents of another reader, which must be pairs, as `--output-format jsonl` writes them. */
export class PairReader extends ReaderOver<JsonValue> {
  override next(): boolean | Promise<boolean> {
    const isThere = this.reader.next();
    if (typeof isThere !== "boolean") return isThere.then((isThere) => isThere && this.#check());
    return isThere && this.#check();
  }

  #check(): true {
    const { value: pair, offset, endOffset } = this.reader;
    const isObject = typeof pair === "object" && pair !== null;
    if (isObject && "key" in pair && typeof pair["key"] === "string" && "value" in pair) return true;
    throw new BadRecordError(offset, endOffset, 'not a pair, which is {"key": "…", "value": …}');
  }
}
