/**
 * The position of a record in the input of a map task. It is one number, even if the task reads several files, because
 * it passes through shared memory, marker files and messages. In a task with one split it is the record's offset in the
 * file; in a task with several, the high part is the number of the split and the low part the offset.
 */

/** 4 TiB, which is more than any whole file of a group has, even decompressed. */
const offsetsPerSplit = 2 ** 42;

/** The maximum number of splits of a map task. It keeps all positions safe integers. */
export const splitsPerTaskMax = 1000;

/** The position of offset 0 in split number `index` of a task. */
export function firstPosition(index: number): number {
  return index * offsetsPerSplit;
}

/** Whether a reported position is in one of the splits of a task. */
export function isPositionIn(splits: readonly unknown[], position: number): boolean {
  return indexOf(position, splits) < splits.length;
}

/** Finds the split and the offset in its file for a position in a task. Throws a RangeError unless `isPositionIn`. */
export function locate<Split>(
  position: number,
  splits: readonly Split[],
): { readonly split: Split; readonly offset: number } {
  const index = indexOf(position, splits);
  const split = splits[index];
  if (split === undefined) throw new RangeError(`a map task of ${splits.length} splits has no position ${position}`);
  return { split, offset: position - firstPosition(index) };
}

/** Filters the positions in split number `index` of `splits`, and returns them as offsets in its file. */
export function offsetsIn(index: number, splits: readonly unknown[], positions: readonly number[]): number[] {
  return positions
    .filter((position) => indexOf(position, splits) === index)
    .map((position) => position - firstPosition(index));
}

/** A single split may be at any offset of a large file. */
function indexOf(position: number, splits: readonly unknown[]): number {
  return splits.length === 1 ? 0 : Math.floor(position / offsetsPerSplit);
}
