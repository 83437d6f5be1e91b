/** The input of a map task: one split, or several when small files share the task. */
import type { Split } from "../model/split.js";

interface HasSplits {
  readonly splits?: readonly Split[];
}

/** The length of a task's splits in bytes; 0 for a task without any. */
export function splitBytes({ splits = [] }: HasSplits): number {
  return splits.reduce((sum, { startBytes, endBytes }) => sum + endBytes - startBytes, 0);
}

/** The input of a map task in messages; undefined for other tasks. */
export function filesText(splits: readonly Pick<Split, "file">[] = []): string | undefined {
  const [first] = splits;
  if (first === undefined || splits.length === 1) return first?.file;
  return `${first.file} and ${splits.length - 1} more file${splits.length === 2 ? "" : "s"}`;
}
