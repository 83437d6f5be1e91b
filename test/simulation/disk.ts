/**
 * The disk of the one machine: files by name, and the journal.
 *
 * What a process has written the kernel has, so the death of a process loses nothing. The end of the whole machine does:
 * of the changes of names, and of what was appended to the journal, a tail is lost, in order, as a journaling file system
 * does it; and the contents of files that were not flushed may be anything. A flush makes durable all that was before it.
 */
import type { Random } from "./random.js";

interface File {
  /** Tells a file from a later one of the same name. */
  readonly inode: number;
  readonly content: string;
}

export class Disk {
  readonly #files = new Map<string, File>();
  readonly #unflushed = new Set<number>();
  /** What takes back the changes that are not durable, oldest first. */
  readonly #undo: (() => void)[] = [];
  #inodes = 0;
  #journal: Buffer | undefined;
  #journalFlushedBytes = 0;
  /** While it is, nothing can be written but the journal. */
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

  /** Makes a file, in place of any of that name. False when there is no room. */
  write(name: string, content: string): boolean {
    if (this.isFull) return false;
    const file = { inode: ++this.#inodes, content };
    this.#unflushed.add(file.inode);
    this.#set(name, file);
    return true;
  }

  /** Waits until the disk has the file, and all changes of names before. */
  flush(name: string): void {
    this.#unflushed.delete(this.inodeOf(name) ?? 0);
    this.#undo.length = 0;
  }

  /** Waits until the disk has the journal, and all changes of names before. */
  flushJournal(): void {
    this.#journalFlushedBytes = this.#journal?.length ?? 0;
    this.#undo.length = 0;
  }

  /** Gives a file another name, in place of any of that name. False when it is not there. */
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

  /** Somebody or something changes what stands in a file, and nobody is told. */
  corrupt(name: string, content: string): void {
    const file = this.#files.get(name);
    if (file !== undefined) this.#files.set(name, { ...file, content });
  }

  /** The journal's bytes; undefined when there is none. */
  get journal(): Buffer | undefined {
    return this.#journal;
  }

  /** Puts another journal in place of this one, or none. */
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
      // The file has its length, and not all of its blocks.
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
