/**
 * The journal of one job, which makes `--resume` possible. It is created when the job's tasks are planned, beside the
 * intermediate files that it refers to, and removed with them at the end of the job.
 *
 * A job does not depend on it. If the journal cannot be written, the job continues but can no longer be resumed: a
 * journal that lacks a record is worse than none, because attempt numbers would be assigned twice.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { journalName, stagedPrefix } from "../../output/names.js";
import type { JournalRecord } from "../../scheduler/job/effects.js";
import { JournalError, JournalFile, type OpenedJournal } from "./journal-file.js";
import { headerOf, readHeader, readRecord, type JobHeader, type JobInputs } from "./records.js";
import { NothingToResumeError, ResumeError } from "./resume-error.js";

type Warn = (message: string) => void;

/** Receives the header and returns a callback for each record. Reading stops when it throws. */
type OnHeader = (header: JobHeader) => (record: JournalRecord) => void;

export class JobJournal {
  readonly #header: JobHeader;
  readonly #warn: Warn;
  /** Undefined before the job has begun, and after the journal had to be given up. */
  #file: JournalFile | undefined;

  private constructor(header: JobHeader, file: JournalFile | undefined, warn: Warn) {
    this.#header = header;
    this.#file = file;
    this.#warn = warn;
  }

  /**
   * Creates the journal of a new job, without a file yet. `hidesIntermediate` gives intermediate files hidden names.
   */
  static forNewJob(settings: JobInputs, hidesIntermediate: boolean, warn: Warn): JobJournal {
    const id = randomBytes(4).toString("hex");
    const secret = randomBytes(16).toString("hex");
    const intermediatePrefix = hidesIntermediate ? stagedPrefix(id) : "";
    return new JobJournal(headerOf({ id, secret, intermediatePrefix, settings }), undefined, warn);
  }

  /**
   * Opens the journal of an interrupted job. Cuts off a torn or damaged end; that work is repeated. Throws a
   * ResumeError when there is no journal, or another version wrote it; then the journal stays untouched.
   */
  static takeUp(directory: string, onHeader: OnHeader, warn: Warn): JobJournal {
    const path = join(directory, journalName);
    const nothing = `there is nothing to resume in ${directory}: no job was interrupted there`;
    const advice = "leave out --resume, or use --resume=auto";
    if (!existsSync(path)) throw new NothingToResumeError(nothing, { advice });
    let header: JobHeader | undefined;
    let onRecord: ((record: JournalRecord) => void) | undefined;
    const { file, damage } = open(path, directory, (found) => {
      if (onRecord !== undefined) {
        onRecord(readRecord(found) ?? otherVersion(directory));
        return;
      }
      header = readHeader(found) ?? otherVersion(directory);
      onRecord = onHeader(header);
    });
    if (header === undefined) {
      // Killed before it had written a whole header, or damaged there, which makes the rest useless.
      file.remove();
      throw new NothingToResumeError(nothing, { advice });
    }
    if (damage === "damaged")
      warn(`the journal in ${directory} is damaged: the work in its lost part will be repeated`);
    return new JobJournal(header, file, warn);
  }

  /** The name prefix of the job's intermediate files. */
  get intermediatePrefix(): string {
    return this.#header.intermediatePrefix;
  }

  get jobId(): string {
    return this.#header.id;
  }

  /** Creates the file. Call it when the job begins to write files. */
  begin(directory: string): void {
    this.#orGiveUp(() => {
      // The job may have been killed before it had planned its tasks.
      this.#file?.close();
      this.#file = JournalFile.create(join(directory, journalName));
      this.#file.append(this.#header);
    });
  }

  /** Writes records in one piece: if the process is killed, all of them are written or none, except for a torn end. */
  write(records: readonly JournalRecord[]): void {
    const file = this.#file;
    if (file !== undefined) this.#orGiveUp(() => file.appendAll(records));
  }

  /** Closes the file, which stays for a coordinator that resumes the job. Returns false when it no longer exists. */
  keep(): boolean {
    const file = this.#file;
    if (file === undefined) return false;
    const isInPlace = this.#orGiveUp(() => {
      file.sync();
      return file.isInPlace();
    });
    file.close();
    if (isInPlace === false) this.#warn("the journal was removed while the job ran: the job cannot be resumed");
    return isInPlace ?? false;
  }

  /** Closes the file. The job's directory removes it with the other useless files. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** The token with which a worker proves its id to a restarted coordinator. */
  tokenOf(worker: string): string {
    return createHmac("sha256", this.#header.secret).update(worker).digest("hex").slice(0, 32);
  }

  isTokenOf(worker: string, token: string): boolean {
    const [expected, given] = [Buffer.from(this.tokenOf(worker)), Buffer.from(token)];
    return expected.length === given.length && timingSafeEqual(expected, given);
  }

  /** Returns undefined when the journal had to be given up. */
  #orGiveUp<Result>(action: () => Result): Result | undefined {
    try {
      return action();
    } catch (error) {
      this.#warn(`${(error as Error).message}: the job continues, but cannot be resumed if it is interrupted`);
      const file = this.#file;
      this.#file = undefined;
      try {
        file?.remove();
      } catch (removalError) {
        this.#warn((removalError as Error).message);
      }
      return undefined;
    }
  }
}

function open(path: string, directory: string, onRecord: (record: unknown) => void): OpenedJournal {
  try {
    return JournalFile.open(path, onRecord);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    throw new ResumeError(`cannot resume the job in ${directory}: ${error.message}`, { cause: error });
  }
}

function otherVersion(directory: string): never {
  throw new ResumeError(
    `cannot resume the job in ${directory}: its journal was written by another version of mapreduce-ts`,
    { advice: "leave out --resume to start over" },
  );
}
