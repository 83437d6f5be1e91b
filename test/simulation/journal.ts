/** The coordinator's journal on the simulated disk, in the same line format as the real one. */
import type { JournalRecord } from "../../src/scheduler/job/effects.js";
import { encodeRecord, JournalReader } from "../../src/coordinator/journal/journal-lines.js";
import { readRecord } from "../../src/coordinator/journal/records.js";
import type { Disk } from "./disk.js";

/** The first record, which identifies the job. */
interface Header {
  readonly job: string;
}

export class Journal {
  readonly #disk: Disk;
  #checksum: number;

  private constructor(disk: Disk, checksum: number) {
    this.#disk = disk;
    this.#checksum = checksum;
  }

  /** Begins a journal, replacing any other. */
  static create(disk: Disk, header: Header): Journal {
    const { line, checksum } = encodeRecord(header, 0);
    disk.setJournal(line);
    return new Journal(disk, checksum);
  }

  /** Reads what is left of a journal, cuts off a torn end, and continues after it; undefined when it does not exist. */
  static open(disk: Disk): { journal: Journal; header: Header; records: JournalRecord[] } | undefined {
    const bytes = disk.journal;
    if (bytes === undefined) return undefined;
    const found: unknown[] = [];
    const reader = new JournalReader((record) => found.push(record));
    reader.read(bytes);
    const { validBytes, checksum } = reader.end();
    const [header, ...records] = found;
    if (header === undefined) {
      disk.setJournal(undefined);
      return undefined;
    }
    if (validBytes < bytes.length) disk.setJournal(bytes.subarray(0, validBytes));
    const known = records.map((record) => {
      const read = readRecord(record);
      if (read === undefined) throw new Error(`the journal has ${JSON.stringify(record)}, which it cannot read`);
      return read;
    });
    return { journal: new Journal(disk, checksum), header: header as Header, records: known };
  }

  /** Appends records in one piece; only the first part, `share` (from 0 to 1), if the process is killed meanwhile. */
  write(records: readonly JournalRecord[], share = 1): void {
    const lines = records.map((record) => {
      const { line, checksum } = encodeRecord(record, this.#checksum);
      this.#checksum = checksum;
      return line;
    });
    const bytes = Buffer.concat(lines);
    const written = bytes.subarray(0, share === 1 ? bytes.length : Math.floor(bytes.length * share));
    this.#disk.setJournal(Buffer.concat([this.#disk.journal ?? Buffer.alloc(0), written]));
  }
}
