/**
 * Leaves out as many of `count` things as possible while it still `fails`: half at a time, then a quarter, and
 * so on (delta debugging, Zeller 1999). Returns the numbers of the things that must stay.
 */
export function shrink(count: number, fails: (kept: readonly number[]) => boolean): readonly number[] {
  let kept: readonly number[] = Array.from({ length: count }, (_, number) => number);
  if (fails([])) return [];
  for (let pieces = 2; kept.length > 1;) {
    const size = Math.ceil(kept.length / pieces);
    const smaller = withoutOnePiece(kept, size).find(fails);
    if (smaller !== undefined) {
      kept = smaller;
      pieces = Math.max(2, pieces - 1);
    } else if (size === 1) break;
    else pieces *= 2;
  }
  return kept;
}

function withoutOnePiece(kept: readonly number[], size: number): number[][] {
  const starts = Array.from({ length: Math.ceil(kept.length / size) }, (_, piece) => piece * size);
  return starts.map((start) => [...kept.slice(0, start), ...kept.slice(start + size)]);
}
