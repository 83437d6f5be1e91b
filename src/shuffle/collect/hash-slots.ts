/**
 * Doubles a hash table and keeps its entries: pairs (hash, record), with record 0 in a free slot; open addressing with
 * linear probing from the low bits of the hash.
 */
export function doubledSlots(old: Int32Array): Int32Array<ArrayBuffer> {
  const slots = new Int32Array(old.length * 2);
  const mask = old.length - 1;
  for (let from = 0; from < old.length; from += 2) {
    const record = old[from + 1] ?? 0;
    if (record === 0) continue;
    const hash = old[from] ?? 0;
    let slot = hash & mask;
    while (slots[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
    slots[2 * slot] = hash;
    slots[2 * slot + 1] = record;
  }
  return slots;
}
