/**
 * The coordinator's journal: a file to which each decision is appended before anybody is told of it. A coordinator that
 * is started after the end of another, `kill -9` included, reads what that one had decided and goes on from there.
 *
 *     9b085377 {"kind":"jobBegan","app":"wc","maps":8}
 *     97333cbe {"kind":"mapCommitted","task":3,"files":["mr-3-0","mr-3-1"]}
 *
 * **Text**, a record a line, because it is read by people just when something went wrong: `cut -c 10- journal | jq`. A
 * job journals a few records a task, so that the time for JSON is not seen.
 *
 * **Checksums in a chain.** Each line begins with the CRC-32 of its JSON, and that begins with the checksum of the line
 * before. A checksum of the line alone notices flipped bits; a chain notices also that a line is missing, comes twice or
 * stands in another place, and what was left behind by an older journal does not fit in. So whatever happened to the
 * file, what can be read is a prefix of what was written, and a prefix is a state the job has really been in.
 *
 * **No flush for each record.** After write(2) the kernel has the data, and the death of this process does not touch it.
 * After a power cut or the end of the kernel, the tail may be missing: then the job is in an earlier state, and what it
 * knows no more runs again. It costs work and not the answer, while to wait for the disk costs milliseconds a record.
 * Where that is too much to lose, there is `sync`.
 *
 * **Torn and damaged.** Behind the valid prefix may be something else. "torn" is the one line, or piece of one, that was
 * written last. A kill or a full disk leaves it, and then nobody was told of that record; or a power cut, and then it is
 * one more record of the missing tail. There is nothing to tell the user. "damaged" is more: behind the first wrong line
 * there are others, so something was lost that had been there. A disk or a hand has changed the file, or before a power
 * cut the kernel had written later pages and not yet earlier ones. The caller does the same in both cases: it goes on
 * from the prefix, which is as good as the one that a power cut leaves. But of a damaged journal it tells the user.
 * `open` has cut off what is behind the prefix by then, so that the next record stands right behind the last good one.
 *
 * Who appends holds the lock of the job's directory; two at once would damage each other's chain.
 */
import * as fs from "node:fs";
import { ownUid } from "../../rpc/own-uid.js";
import { encodeRecord, JournalReader, type JournalEnd } from "./journal-lines.js";

const blockBytes = 1024 * 1024;

/** The journal cannot be made, read or written. */
export class JournalError extends Error {
  override readonly name = "JournalError";
  readonly path: string;
  /** Of the system: `ENOSPC`, `EEXIST`, …; undefined when the error is not the system's. */
  readonly code: string | undefined;

  constructor(what: string, path: string, cause?: unknown) {
    super(`cannot ${what} the journal ${path}${cause === undefined ? "" : `: ${reasonOf(cause)}`}`, { cause });
    this.path = path;
    this.code = (cause as NodeJS.ErrnoException | undefined)?.code;
  }
}

/** What `JournalFile.open` has found. */
export interface OpenedJournal {
  readonly file: JournalFile;
  /** What was wrong with the end of the file before it was cut off: see the head of this file. */
  readonly damage: JournalEnd["damage"];
  /** How many bytes were cut off. */
  readonly droppedBytes: number;
}

/**
 * A journal that is open for appending. All I/O is synchronous: when `append` returns, the reply that depends on the
 * record may be sent. Everything throws a JournalError when the system refuses.
 */
export class JournalFile {
  readonly path: string;
  #descriptor: number | undefined;
  /** Of whole records; the file is longer only during an append. */
  #bytes: number;
  #checksum: number;
  /** Why nothing can be appended any more. */
  #broken: { readonly cause: unknown } | undefined;

  private constructor(path: string, descriptor: number, { validBytes, checksum }: JournalEnd) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#bytes = validBytes;
    this.#checksum = checksum;
  }

  /** Makes an empty journal that only its owner may read. Nothing may have that name yet, not even a symbolic link. */
  static create(path: string): JournalFile {
    const { O_RDWR, O_CREAT, O_EXCL, O_APPEND } = fs.constants;
    const descriptor = attempt("create", path, () => fs.openSync(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND, 0o600));
    return new JournalFile(path, descriptor, new JournalReader(() => undefined).end());
  }

  /**
   * Opens a journal to go on with it: calls `onRecord` for each record of its longest valid prefix, cuts off what stands
   * behind that, and is ready for the next record. What `onRecord` throws, this throws, and the file is left as it was.
   * Reads a block at a time, so a journal may be larger than memory. A symbolic link is refused (`ELOOP`), and the file of
   * another user, who could name any file in it as an input.
   */
  static open(path: string, onRecord: (record: unknown) => void): OpenedJournal {
    const { O_RDWR, O_APPEND, O_NOFOLLOW } = fs.constants;
    const descriptor = attempt("open", path, () => fs.openSync(path, O_RDWR | O_APPEND | O_NOFOLLOW));
    try {
      const stats = fs.fstatSync(descriptor);
      if (!stats.isFile()) throw new JournalError("open", path, new Error("it is no regular file"));
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
   * Appends records with one write. When it throws, the journal is as it was before, without any of them, and may be
   * appended to again; if it cannot even be brought back to that, every later append throws, too. They are not a
   * transaction: after the death of the process the first of them may be there without the others.
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
   * Waits until the disk has all records: for one that must survive a power cut. When that fails, nobody knows what the
   * disk has, and the kernel may not try again; so every later append throws.
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
   * Whether the file still stands under its name. When somebody has removed or replaced it, appends succeed, but the next
   * coordinator will find nothing of them. The number of the inode is not given out again while this has it open.
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

  /** Removes the file, unless another has its name by now, and closes it. */
  remove(): void {
    try {
      if (this.isInPlace()) attempt("remove", this.path, () => fs.unlinkSync(this.path));
    } finally {
      this.close();
    }
  }

  #requireUsable(): number {
    if (this.#broken !== undefined) throw new JournalError("go on with", this.path, this.#broken.cause);
    return this.#requireOpen();
  }

  #requireOpen(): number {
    if (this.#descriptor === undefined) throw new Error(`the journal ${this.path} is closed`);
    return this.#descriptor;
  }

  /** All or nothing. When the system takes only a part, the attempt to write the rest says why. */
  #write(descriptor: number, bytes: Buffer): void {
    try {
      for (let done = 0; done < bytes.length;) {
        const written = fs.writeSync(descriptor, bytes, done, bytes.length - done);
        if (written === 0) throw new Error("the system takes no bytes");
        done += written;
      }
    } catch (error) {
      this.#cutBack(descriptor);
      throw new JournalError("write", this.path, error);
    }
  }

  /** Does not throw, since the error of the write is to be told first; this one is with the next append. */
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

/** Undefined when there is nothing of that name. */
function statOf(path: string): fs.BigIntStats | undefined {
  try {
    return fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    // A file stands where its directory was.
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

/** Without the call and the path that Node.js puts behind a comma: the path is told anyhow. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/, \w+( '.*)?$/s, "") : String(error);
}
