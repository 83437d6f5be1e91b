/**
 * Appends to a new journal, at the path given as its argument, until that fails because space runs out, and once more
 * after that. A separate process, because the limits that it hits apply per process.
 */
import { JournalError, JournalFile } from "../../../src/coordinator/journal/journal-file.js";

/** Its output, as JSON. */
export interface Filled {
  readonly message: string;
  readonly code: string | undefined;
  /** How many appends succeeded before one failed. */
  readonly appended: number;
  /** The records read from the journal after that failure. */
  readonly read: number;
  readonly damage: string;
  /** The records read at the end, after a small record was appended. */
  readonly last: unknown;
}

const [path] = process.argv.slice(2);
if (path !== undefined) process.stdout.write(JSON.stringify(fill(path)));

function fill(path: string): Filled {
  const file = JournalFile.create(path);
  let appended = 0;
  try {
    for (;;) {
      file.append({ appended, text: "x".repeat(3000) });
      appended += 1;
    }
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    const { message, code } = error;
    const { records, damage } = contents(path);
    file.append("small");
    return {
      message,
      code,
      appended,
      read: records.length,
      damage: damage ?? "none",
      last: contents(path).records.at(-1),
    };
  }
}

function contents(path: string): { records: unknown[]; damage: string | undefined } {
  const records: unknown[] = [];
  const { file, damage } = JournalFile.open(path, (record) => records.push(record));
  file.close();
  return { records, damage };
}
