import { isUtf8 } from "node:buffer";
import { encodeKey, packKey, wordsOf } from "./key-words.js";

/** How many keys are looked up together. More do not help: a processor waits for a dozen cache lines at a time. */
const batchKeysMax = 32;
/** A batch with a key longer than this is full. */
const roomWords = 16 * 1024;

/**
 * Keys on their way into the table: their bytes as words (`key-words.ts`), hashed as they come in, and the place of the
 * value that came with each. They are looked up some at a time (see `KeyTable.fetch`).
 */
export class KeyBatch {
  readonly #keysMax: number;
  /** Differs from run to run, so that nobody can make keys that all hash to the same slot. */
  readonly #seed: number;
  #words = new Int32Array(roomWords);
  #end = 0;
  /** Of each key: where its words begin, its length in bytes, its hash, the place of its value (0: see the collector). */
  readonly starts = new Int32Array(batchKeysMax);
  readonly keyBytes = new Int32Array(batchKeysMax);
  readonly hashes = new Int32Array(batchKeysMax);
  readonly values = new Int32Array(batchKeysMax);
  /** How many keys there are. */
  count = 0;
  /** Where `addBytes` found its last key. */
  #buffer: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#buffer.buffer);

  constructor(keysMax: number, seed: number) {
    this.#keysMax = Math.min(keysMax, batchKeysMax);
    this.#seed = seed;
  }

  /** The words of all keys. */
  get words(): Int32Array {
    return this.#words;
  }

  /** Whether no key more can be added. */
  get isFull(): boolean {
    return this.count >= this.#keysMax || this.#end > roomWords / 2;
  }

  /** Forgets all keys. */
  clear(): void {
    this.count = 0;
    this.#end = 0;
    if (this.#words.length > roomWords) this.#words = new Int32Array(roomWords);
  }

  /** Adds a key. The batch must not be full. */
  add(key: string): void {
    const { length } = key;
    // A UTF-16 unit takes at most three bytes, so never more than a word.
    this.#makeRoom(length);
    const words = this.#words;
    let to = this.#end;
    let hash = this.#seed;
    let units = 0;
    let at = 0;
    for (const wholeEnd = length & ~3; at < wholeEnd; at += 4) {
      const first = key.charCodeAt(at);
      const second = key.charCodeAt(at + 1);
      const third = key.charCodeAt(at + 2);
      const fourth = key.charCodeAt(at + 3);
      units |= first | second | third | fourth;
      const word = (first << 24) | (second << 16) | (third << 8) | fourth;
      words[to++] = word;
      hash = mixed(hash, word);
    }
    if (at < length) {
      let word = 0;
      for (let shift = 24; at < length; at++, shift -= 8) {
        const unit = key.charCodeAt(at);
        units |= unit;
        word |= unit << shift;
      }
      words[to++] = word;
      hash = mixed(hash, word);
    }
    if (units < 0x80) this.#finish(to, length, hash);
    else this.#addEncoded(key);
  }

  /** Adds the key whose UTF-8 is in `buffer` from `start` to `end`; what is not UTF-8 is taken for U+FFFD. */
  addBytes(buffer: Uint8Array, start: number, end: number): void {
    if (buffer !== this.#buffer) this.#lookInto(buffer);
    const view = this.#view;
    this.#makeRoom(wordsOf(end - start));
    const words = this.#words;
    let to = this.#end;
    let hash = this.#seed;
    let bits = 0;
    let at = start;
    for (; at + 4 <= end; at += 4) {
      const word = view.getInt32(at);
      bits |= word;
      words[to++] = word;
      hash = mixed(hash, word);
    }
    if (at < end) {
      const word = lastWord(view, at, end);
      bits |= word;
      words[to++] = word;
      hash = mixed(hash, word);
    }
    if ((bits & 0x80808080) === 0 || isUtf8(buffer.subarray(start, end))) this.#finish(to, end - start, hash);
    else this.#addEncoded(Buffer.from(buffer.buffer, buffer.byteOffset + start, end - start).toString());
  }

  #addEncoded(key: string): void {
    const bytes = new Uint8Array(key.length * 3);
    const keyBytes = encodeKey(key, bytes);
    this.#makeRoom(wordsOf(keyBytes));
    packKey(bytes, keyBytes, this.#words, this.#end);
    const end = this.#end + wordsOf(keyBytes);
    let hash = this.#seed;
    for (let at = this.#end; at < end; at++) hash = mixed(hash, this.#words[at] ?? 0);
    this.#finish(end, keyBytes, hash);
  }

  #finish(end: number, keyBytes: number, wordsHash: number): void {
    const at = this.count++;
    this.starts[at] = this.#end;
    this.keyBytes[at] = keyBytes;
    const hash = Math.imul(wordsHash ^ keyBytes, 0x85ebca6b);
    this.hashes[at] = hash ^ (hash >>> 16);
    this.#end = end;
  }

  #lookInto(buffer: Uint8Array): void {
    this.#buffer = buffer;
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  #makeRoom(words: number): void {
    const end = this.#end + words;
    if (end <= this.#words.length) return;
    const room = new Int32Array(end);
    room.set(this.#words.subarray(0, this.#end));
    this.#words = room;
  }
}

function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return product ^ (product >>> 15);
}

/** The last bytes of a key, fewer than four, as a word. */
function lastWord(view: DataView, at: number, end: number): number {
  if (at + 4 <= view.byteLength) return view.getInt32(at) & (-1 << (8 * (4 + at - end)));
  let word = 0;
  for (let shift = 24, from = at; from < end; from++, shift -= 8) word |= view.getUint8(from) << shift;
  return word;
}
