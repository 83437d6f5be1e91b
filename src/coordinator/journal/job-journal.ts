/**
 * The journal of one job: what makes `--resume` possible. It is begun when the job's tasks are planned, and stands beside
 * the intermediate files that it speaks of, with which it is removed at the end of the job.
 *
 * A job does not depend on it. When it cannot be written, the job goes on and can no longer be resumed: a journal that
 * lacks a record is worse than none, since attempt numbers would be given out twice.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { journalName, stagedPrefix } from "../../output/names.js";
import type { JournalRecord } from "../core/events.js";
import { JournalError, JournalFile, type OpenedJournal } from "./journal-file.js";
import { headerOf, readHeader, readRecord, type JobHeader, type JobInputs } from "./records.js";
import { NothingToResumeError, ResumeError } from "./resume-error.js";

type Warn = (message: string) => void;

/** Is given the header, and returns what is to be given each record. What it throws ends the reading. */
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

  /** The journal of a new job, which has no file yet. With `hidesIntermediate` its intermediate files have hidden names. */
  static forNewJob(settings: JobInputs, hidesIntermediate: boolean, warn: Warn): JobJournal {
    const id = randomBytes(4).toString("hex");
    const secret = randomBytes(16).toString("hex");
    const intermediatePrefix = hidesIntermediate ? stagedPrefix(id) : "";
    return new JobJournal(headerOf({ id, secret, intermediatePrefix, settings }), undefined, warn);
  }

  /**
   * Takes up the journal of a job that was interrupted. What is torn or damaged at its end is cut off: what stood there is
   * done again. Throws a ResumeError when there is none, or it is of another version; then it is left as it was.
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
      // Killed before it had written a whole header; or damaged there, and what follows is of no use without.
      file.remove();
      throw new NothingToResumeError(nothing, { advice });
    }
    if (damage === "damaged") warn(`the journal in ${directory} is damaged: what its lost part said is done again`);
    return new JobJournal(header, file, warn);
  }

  /** What the names of the job's intermediate files begin with. */
  get intermediatePrefix(): string {
    return this.#header.intermediatePrefix;
  }

  get jobId(): string {
    return this.#header.id;
  }

  /** Makes the file. To be called when the job begins to write files. */
  begin(directory: string): void {
    this.#orGiveUp(() => {
      // Of a job that was killed before it had planned its tasks.
      this.#file?.close();
      this.#file = JournalFile.create(join(directory, journalName));
      this.#file.append(this.#header);
    });
  }

  /** Writes records, in one piece: a process that is killed now has written all of them or none, but for a torn end. */
  write(records: readonly JournalRecord[]): void {
    const file = this.#file;
    if (file !== undefined) this.#orGiveUp(() => file.appendAll(records));
  }

  /** Closes the file, which stays for a coordinator that goes on with the job. False when there is none any more. */
  keep(): boolean {
    const file = this.#file;
    if (file === undefined) return false;
    const isInPlace = this.#orGiveUp(() => {
      file.sync();
      return file.isInPlace();
    });
    file.close();
    if (isInPlace === false) this.#warn("the journal was removed while the job ran: it cannot be resumed");
    return isInPlace ?? false;
  }

  /** Closes the file; the job's directory removes it with the other files that are of no use any more. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** By which a worker proves, to a coordinator that was started again, that it is the one of this id. */
  tokenOf(worker: string): string {
    return createHmac("sha256", this.#header.secret).update(worker).digest("hex").slice(0, 32);
  }

  isTokenOf(worker: string, token: string): boolean {
    const [expected, given] = [Buffer.from(this.tokenOf(worker)), Buffer.from(token)];
    return expected.length === given.length && timingSafeEqual(expected, given);
  }

  /** Undefined when the journal had to be given up. */
  #orGiveUp<Result>(action: () => Result): Result | undefined {
    try {
      return action();
    } catch (error) {
      this.#warn(`${(error as Error).message}: the job goes on, but cannot be resumed if it is interrupted`);
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
    { advice: "leave out --resume to begin anew" },
  );
}
