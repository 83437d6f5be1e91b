/**
 * A coordinator to be killed: continues the journal at the path given as its argument, appending records as fast as it
 * can. After each append it prints the number of records in the journal, one per line.
 */
import { existsSync, writeSync } from "node:fs";
import { JournalFile } from "../../../src/coordinator/journal/journal-file.js";

/** Record number `index` of the journal; some are long enough for a kill in the middle. */
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
