/**
 * A coordinator to be killed: goes on with the journal at the path that is its argument, appending records as fast as it
 * can, and tells on standard output, a line each, how many the journal has whenever an append has returned.
 */
import { existsSync, writeSync } from "node:fs";
import { JournalFile } from "../../../src/coordinator/journal/journal-file.js";

/** Record number `index` of the journal that it writes; some are long enough to be killed in the middle of. */
export function recordAt(index: number): { index: number; text: string } {
  return { index, text: "é".repeat(index % 5 === 0 ? 200_000 : index % 300) };
}

function appendForEver(path: string): never {
  let count = 0;
  const file = existsSync(path) ? JournalFile.open(path, () => (count += 1)).file : JournalFile.create(path);
  for (;;) {
    const group = Array.from({ length: 1 + (count % 4) }, (_, offset) => recordAt(count + offset));
    file.appendAll(group);
    count += group.length;
    writeSync(1, `${count}\n`);
  }
}

const [path] = process.argv.slice(2);
if (process.argv[1] === import.meta.filename && path !== undefined) appendForEver(path);
