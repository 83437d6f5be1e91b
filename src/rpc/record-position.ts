/**
 * The position of a record in the input of a map task: one number, even if the task reads several files, since it goes
 * through shared memory, marker files and messages. In a task of one split it is the record's offset in the file. In a task
 * of several, the number of the split stands above the offset.
 */

/** Whole files of a group are shorter, even decompressed: 4 TiB. */
const offsetsPerSplit = 2 ** 42;

/** The most splits that a map task may have. All positions are safe integers then. */
export const splitsPerTaskMax = 1000;

/** The position of offset 0 in split number `index` of a task. */
export function firstPosition(index: number): number {
  return index * offsetsPerSplit;
}

/** Whether a position, as a worker reports it, is in one of the splits of a task. */
export function isPositionIn(splits: readonly unknown[], position: number): boolean {
  return indexOf(position, splits) < splits.length;
}

/** Finds the split and the offset in its file of a position in a task. Throws a RangeError unless `isPositionIn`. */
export function locate<Split>(
  position: number,
  splits: readonly Split[],
): { readonly split: Split; readonly offset: number } {
  const index = indexOf(position, splits);
  const split = splits[index];
  if (split === undefined) throw new RangeError(`a map task of ${splits.length} splits has no position ${position}`);
  return { split, offset: position - firstPosition(index) };
}

/** Those of the positions that are in split number `index` of `splits`, as offsets in its file. */
export function offsetsIn(index: number, splits: readonly unknown[], positions: readonly number[]): number[] {
  return positions
    .filter((position) => indexOf(position, splits) === index)
    .map((position) => position - firstPosition(index));
}

/** A single split may be at any offset of a large file. */
function indexOf(position: number, splits: readonly unknown[]): number {
  return splits.length === 1 ? 0 : Math.floor(position / offsetsPerSplit);
}
