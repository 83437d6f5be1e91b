/**
 * Appends to a new journal, at the path that is its argument, until that fails for want of room, and once more after that.
 * A process of its own, since the limits that it runs into are those of a process.
 */
import { JournalError, JournalFile } from "../../../src/coordinator/journal/journal-file.js";

/** What it prints, as JSON. */
export interface Filled {
  readonly message: string;
  readonly code: string | undefined;
  /** How many appends succeeded before one failed. */
  readonly appended: number;
  /** What was read of the journal when that one had failed. */
  readonly read: number;
  readonly damage: string;
  /** What was read last, after a small record was appended. */
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
