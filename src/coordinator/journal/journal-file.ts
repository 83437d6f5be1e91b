/**
 * The coordinator's journal: a file to which it appends each decision before it tells anyone. A coordinator started
 * after another has ended, even by `kill -9`, reads the decisions and continues from there.
 *
 *     9b085377 {"kind":"jobBegan","app":"wc","maps":8}
 *     97333cbe {"kind":"mapCommitted","task":3,"files":["mr-3-0","mr-3-1"]}
 *
 * **Text**, one record per line, because people read it precisely when something went wrong: `cut -c 10- journal | jq`.
 * A job writes only a few records per task, so the cost of JSON does not matter.
 *
 * **Chained checksums.** Each line begins with the CRC-32 of its JSON, seeded with the checksum of the previous line. A
 * checksum of the line alone detects flipped bits. A chain also detects a line that is missing, repeated or misplaced,
 * or left over from an older journal. So whatever happened to the file, the readable part is a prefix of what was
 * written, and a prefix is a state that the job has really been in.
 *
 * **No flush per record.** After write(2) the kernel has the data, and the death of this process does not affect it.
 * After a power failure or a kernel crash the tail may be missing: then the job is in an earlier state and repeats the
 * forgotten work. That costs work but not correctness, whereas waiting for the disk costs milliseconds per record. Use
 * `sync` where that loss is too great.
 *
 * **Torn and damaged.** Other bytes may follow the valid prefix. "torn" is a single line, or a piece of one, that was
 * written last. A kill or a full disk leaves it, and the coordinator had not yet told anyone about that record; or a
 * power failure does, and it is one more record of the missing tail. The user need not know. "damaged" is worse: other
 * lines follow the first wrong one, so existing records were lost. A disk fault or a person changed the file, or before
 * a power failure the kernel had written later pages but not yet earlier ones. The caller handles both in the same way:
 * it continues from the prefix, which is as good as the one after a power failure. But it tells the user about a
 * damaged journal. `open` has already cut off what follows the prefix, so that the next record comes right after the
 * last good one.
 *
 * The process that appends must hold the lock of the job's directory: two at once would damage each other's chain.
 */
import * as fs from "node:fs";
import { ownUid } from "../../machine/process.js";
import { encodeRecord, JournalReader, type JournalEnd } from "./journal-lines.js";

const blockBytes = 1024 * 1024;

/** The journal cannot be created, read or written. */
export class JournalError extends Error {
  override readonly name = "JournalError";
  readonly path: string;
  /** The system's code: `ENOSPC`, `EEXIST`, …; undefined when the error is not the system's. */
  readonly code: string | undefined;

  constructor(what: string, path: string, cause?: unknown) {
    super(`cannot ${what} the journal ${path}${cause === undefined ? "" : `: ${reasonOf(cause)}`}`, { cause });
    this.path = path;
    this.code = (cause as NodeJS.ErrnoException | undefined)?.code;
  }
}

/** The result of `JournalFile.open`. */
export interface OpenedJournal {
  readonly file: JournalFile;
  /** What was wrong with the end of the file before it was cut off: see the head of this file. */
  readonly damage: JournalEnd["damage"];
  /** How many bytes were cut off. */
  readonly droppedBytes: number;
}

/**
 * A journal open for appending. All I/O is synchronous: when `append` returns, the reply that depends on the record may
 * be sent. Every method throws a JournalError when the system refuses.
 */
export class JournalFile {
  readonly path: string;
  #descriptor: number | undefined;
  /** The size of the whole records; the file is longer only during an append. */
  #bytes: number;
  #checksum: number;
  /** Why no more records can be appended. */
  #broken: { readonly cause: unknown } | undefined;

  private constructor(path: string, descriptor: number, { validBytes, checksum }: JournalEnd) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#bytes = validBytes;
    this.#checksum = checksum;
  }

  /** Creates an empty journal that only its owner may read. The name must be free; even a symbolic link is an error. */
  static create(path: string): JournalFile {
    const { O_RDWR, O_CREAT, O_EXCL, O_APPEND } = fs.constants;
    const descriptor = attempt("create", path, () => fs.openSync(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND, 0o600));
    return new JournalFile(path, descriptor, new JournalReader(() => undefined).end());
  }

  /**
   * Opens a journal to continue it: calls `onRecord` for each record of its longest valid prefix and cuts off the rest.
   * If `onRecord` throws, this throws the same error and leaves the file untouched. Reads block by block, so a journal
   * may be larger than memory. Rejects a symbolic link (`ELOOP`), and a file of another user, who could name any file
   * in it as an input.
   */
  static open(path: string, onRecord: (record: unknown) => void): OpenedJournal {
    const { O_RDWR, O_APPEND, O_NOFOLLOW } = fs.constants;
    const descriptor = attempt("open", path, () => fs.openSync(path, O_RDWR | O_APPEND | O_NOFOLLOW));
    try {
      const stats = fs.fstatSync(descriptor);
      if (!stats.isFile()) throw new JournalError("open", path, new Error("it is not a regular file"));
      const isOurs = stats.uid === 0 || stats.uid === ownUid();
      if (!isOurs) throw new JournalError("open", path, new Error(`it belongs to another user (uid ${stats.uid})`));
      const end = readAll(path, descriptor, onRecord);
      if (end.restBytes > 0) attempt("cut off the end of", path, () => fs.ftruncateSync(descriptor, end.validBytes));
      return { file: new JournalFile(path, descriptor, end), damage: end.damage, droppedBytes: end.restBytes };
    } catch (error) {
      fs.closeSync(descriptor);
      throw error;
    }
  }

  /** Appends a record, any JSON value, as `appendAll` does. */
  append(record: unknown): void {
    this.appendAll([record]);
  }

  /**
   * Appends records with one write. When it throws, the journal is unchanged and may be appended to again. If even that
   * state cannot be restored, every later append throws, too. The records are not a transaction: if the process dies,
   * the first records may be there without the others.
   */
  appendAll(records: readonly unknown[]): void {
    const descriptor = this.#requireUsable();
    let checksum = this.#checksum;
    const lines = records.map((record) => {
      const encoded = encodeRecord(record, checksum);
      checksum = encoded.checksum;
      return encoded.line;
    });
    const bytes = Buffer.concat(lines);
    this.#write(descriptor, bytes);
    this.#bytes += bytes.length;
    this.#checksum = checksum;
  }

  /**
   * Waits until the disk has all records, for a record that must survive a power failure. When that fails, the contents
   * of the disk are unknown, and the kernel may not try again; so every later append throws.
   */
  sync(): void {
    const descriptor = this.#requireUsable();
    try {
      fs.fdatasyncSync(descriptor);
    } catch (error) {
      this.#broken = { cause: error };
      throw new JournalError("flush", this.path, error);
    }
  }

  /**
   * Whether the file still has its name. If it was removed or replaced, appends succeed, but the next coordinator will
   * not find them. The inode number is not reused while this file is open.
   */
  isInPlace(): boolean {
    const descriptor = this.#requireOpen();
    return attempt("look at", this.path, () => {
      const own = fs.fstatSync(descriptor, { bigint: true });
      const named = statOf(this.path);
      return named?.dev === own.dev && named.ino === own.ino;
    });
  }

  /** Closes the file and leaves it for another coordinator. Later calls do nothing. */
  close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) attempt("close", this.path, () => fs.closeSync(descriptor));
  }

  /** Removes the file, unless its name now belongs to another, and closes it. */
  remove(): void {
    try {
      if (this.isInPlace()) attempt("remove", this.path, () => fs.unlinkSync(this.path));
    } finally {
      this.close();
    }
  }

  #requireUsable(): number {
    if (this.#broken !== undefined) throw new JournalError("continue", this.path, this.#broken.cause);
    return this.#requireOpen();
  }

  #requireOpen(): number {
    if (this.#descriptor === undefined) throw new Error(`the journal ${this.path} is closed`);
    return this.#descriptor;
  }

  /** All or nothing. After a partial write, the attempt to write the rest reports the reason. */
  #write(descriptor: number, bytes: Buffer): void {
    try {
      for (let done = 0; done < bytes.length;) {
        const written = fs.writeSync(descriptor, bytes, done, bytes.length - done);
        if (written === 0) throw new Error("the system wrote no bytes");
        done += written;
      }
    } catch (error) {
      this.#cutBack(descriptor);
      throw new JournalError("write", this.path, error);
    }
  }

  /** Does not throw, because the error of the write must be reported first. The next append reports this one. */
  #cutBack(descriptor: number): void {
    try {
      fs.ftruncateSync(descriptor, this.#bytes);
    } catch (error) {
      this.#broken = { cause: error };
    }
  }
}

function readAll(path: string, descriptor: number, onRecord: (record: unknown) => void): JournalEnd {
  const reader = new JournalReader(onRecord);
  const block = Buffer.allocUnsafeSlow(blockBytes);
  for (;;) {
    const bytes = attempt("read", path, () => fs.readSync(descriptor, block));
    if (bytes === 0) return reader.end();
    reader.read(block.subarray(0, bytes));
  }
}

/** Undefined when no such file exists. */
function statOf(path: string): fs.BigIntStats | undefined {
  try {
    return fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    // The directory was replaced by a file.
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return undefined;
    throw error;
  }
}

function attempt<Result>(what: string, path: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw new JournalError(what, path, error);
  }
}

/** Drops the system call and path that Node.js appends after a comma: the message names the path anyway. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/, \w+( '.*)?$/s, "") : String(error);
}
