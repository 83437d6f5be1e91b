import murmurhash from "murmurhash";

/** The bytes of a key, computed in the simplest way: UTF-8, with three bytes for a lone surrogate. */
export function keyBytes(key: string): Buffer {
  return Buffer.concat(
    Array.from(key, (character) => {
      if (character.isWellFormed()) return Buffer.from(character);
      const unit = character.charCodeAt(0);
      return Buffer.from([0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)]);
    }),
  );
}

/** The default partition of a key. */
export function hashPartition(key: string, reducers: number): number {
  return murmurhash.v3(Uint8Array.from(keyBytes(key)), 0) % reducers;
}
