/**
 * The disk of the only machine: files by name, and the journal.
 *
 * The kernel keeps what a process has written, so the death of a process loses nothing. The death of the whole machine
 * does: a tail of the name changes and of the data appended to the journal is lost, in order, as with a journaling file
 * system; and files that were not flushed may have any contents. A flush makes everything before it durable.
 */
import type { Random } from "./random.js";

interface File {
  /** Distinguishes a file from a later one of the same name. */
  readonly inode: number;
  readonly content: string;
}

export class Disk {
  readonly #files = new Map<string, File>();
  readonly #unflushed = new Set<number>();
  /** Reverts the changes that are not durable, oldest first. */
  readonly #undo: (() => void)[] = [];
  #inodes = 0;
  #journal: Buffer | undefined;
  #journalFlushedBytes = 0;
  /** While the disk is full, only the journal can be written. */
  isFull = false;

  read(name: string): string | undefined {
    return this.#files.get(name)?.content;
  }

  inodeOf(name: string): number | undefined {
    return this.#files.get(name)?.inode;
  }

  names(): string[] {
    return [...this.#files.keys()];
  }

  /** Creates a file, replacing any of that name. False when there is no space. */
  write(name: string, content: string): boolean {
    if (this.isFull) return false;
    const file = { inode: ++this.#inodes, content };
    this.#unflushed.add(file.inode);
    this.#set(name, file);
    return true;
  }

  /** Waits until the file, and all earlier changes of names, are on disk. */
  flush(name: string): void {
    this.#unflushed.delete(this.inodeOf(name) ?? 0);
    this.#undo.length = 0;
  }

  /** Waits until the journal, and all earlier changes of names, are on disk. */
  flushJournal(): void {
    this.#journalFlushedBytes = this.#journal?.length ?? 0;
    this.#undo.length = 0;
  }

  /** Renames a file, replacing any of that name. False when it does not exist. */
  rename(from: string, to: string): boolean {
    const file = this.#files.get(from);
    if (file === undefined) return false;
    this.#set(to, file);
    this.#set(from, undefined);
    return true;
  }

  remove(name: string): void {
    if (this.#files.has(name)) this.#set(name, undefined);
  }

  /** Changes the contents of a file without telling anyone. */
  corrupt(name: string, content: string): void {
    const file = this.#files.get(name);
    if (file !== undefined) this.#files.set(name, { ...file, content });
  }

  /** The journal's bytes; undefined when it does not exist. */
  get journal(): Buffer | undefined {
    return this.#journal;
  }

  /** Replaces the journal, or removes it. */
  setJournal(journal: Buffer | undefined): void {
    const [before, flushedBytes] = [this.#journal, this.#journalFlushedBytes];
    this.#journal = journal;
    this.#journalFlushedBytes = Math.min(flushedBytes, journal?.length ?? 0);
    this.#undo.push(() => {
      this.#journal = before;
      this.#journalFlushedBytes = flushedBytes;
    });
  }

  /** The machine loses power. */
  crash(random: Random): void {
    const lost = random.below(this.#undo.length + 1);
    for (const undo of this.#undo.splice(this.#undo.length - lost).reverse()) undo();
    this.#undo.length = 0;
    for (const [name, { inode, content }] of this.#files) {
      if (!this.#unflushed.has(inode) || random.chance(0.5)) continue;
      this.corrupt(name, random.chance(0.5) ? "" : content.slice(0, random.below(content.length + 1)).padEnd(20, "\0"));
    }
    this.#unflushed.clear();
    const { length = 0 } = this.#journal ?? {};
    if (this.#journal !== undefined && random.chance(0.3)) {
      // The file has its length, but not all of its blocks.
      const from = this.#journalFlushedBytes + random.below(length - this.#journalFlushedBytes + 1);
      this.#journal = Buffer.concat([this.#journal.subarray(0, from), Buffer.alloc(length - from)]);
    }
    this.#journalFlushedBytes = length;
  }

  #set(name: string, file: File | undefined): void {
    const before = this.#files.get(name);
    if (file === undefined) this.#files.delete(name);
    else this.#files.set(name, file);
    this.#undo.push(() => {
      if (before === undefined) this.#files.delete(name);
      else this.#files.set(name, before);
    });
  }
}
