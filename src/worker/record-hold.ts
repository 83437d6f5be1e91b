import type { JsonValue } from "../app/contract.js";
import type { PairTaker } from "../shuffle/collect/collector.js";
import type { RecordSink } from "./held-emits.js";
import type { PairHold } from "./held-pairs.js";
import type { AttemptContext } from "./task-context.js";

/**
 * How much a record may emit before its pairs are passed on, by estimate, in bytes. Keeping more strings would slow down
 * V8's collection of young objects.
 */
const heldBytesMax = 4 * 2 ** 20;

/** The parts of an attempt that a record changes, besides its pairs. */
type Attempt = Pick<AttemptContext, "count" | "markCounts" | "takeBackCounts" | "forgetMark" | "sideFiles" | "gate">;

/**
 * Keeps what the current record emits until `map` has ended for it, so that it can be taken back when `map` throws.
 * When a record emits too much, it passes everything on, and nothing can be taken back.
 *
 * Outside of records, in `setup` and `teardown`, it passes on everything at once.
 */
export class RecordHold implements RecordSink {
  readonly #taker: PairTaker;
  readonly #pairs: PairHold;
  #attempt!: Attempt;
  readonly #heldBytesMax: number;
  #writes: { readonly name: string; readonly data: string | Uint8Array | undefined }[] = [];
  #writtenBytes = 0;
  #state: "outside" | "holding" | "passing" = "outside";
  /** Whether `map` runs for the current record and has not awaited anything. */
  isMapRunning = false;
  /** Whether something was taken back: then late work of that record may still emit. */
  #hasTakenBack = false;

  constructor(taker: PairTaker, pairs: PairHold, bytesMax = heldBytesMax) {
    this.#taker = taker;
    this.#pairs = pairs;
    this.#heldBytesMax = bytesMax;
  }

  /** To be called before the first record, with the attempt whose counters and side files change. */
  serve(attempt: Attempt): void {
    this.#attempt = attempt;
    attempt.sideFiles.divert = (name, data) => {
      this.#requireTied("write of a side file");
      this.writeSideFile(name, data);
    };
  }

  /** Takes what the app emits through the context of the attempt, which it got in `setup`. */
  get ofAttempt(): PairTaker {
    const tied = (called: string): this => {
      this.#requireTied(called);
      return this;
    };
    return {
      pairs: 0,
      emit: (key, value) => tied("ctx.emit").emit(key, value),
      emitBytes: (buffer, start, end, value) => tied("ctx.emitBytes").emitBytes(buffer, start, end, value),
      emitSlices: (buffer, keyStart, keyEnd, valueStart, valueEnd) => {
        tied("ctx.emitSlices").emitSlices(buffer, keyStart, keyEnd, valueStart, valueEnd);
      },
    };
  }

  get pairs(): number {
    return this.#taker.pairs + this.#pairs.pairs;
  }

  /** A record begins, or is tried again. */
  begin(): void {
    this.#state = "holding";
    this.#attempt.markCounts();
  }

  /** `map` has ended for the record: passes on what it emitted. */
  deliver(): void {
    const isHolding = this.#state === "holding";
    this.#state = "outside";
    this.#attempt.forgetMark();
    if (isHolding) this.#passOn();
  }

  /** `map` has failed for the record. Returns false when it is too late to take back what it emitted. */
  takeBack(): boolean {
    this.isMapRunning = false;
    if (this.#state !== "holding") return false;
    this.#state = "outside";
    this.#hasTakenBack = true;
    this.#pairs.clear();
    this.#forgetWrites();
    this.#attempt.takeBackCounts();
    return true;
  }

  emit(key: string, value: JsonValue): void {
    if (this.#state !== "holding") {
      this.#taker.emit(key, value);
      return;
    }
    this.#pairs.emit(key, value);
    if (this.#pairs.bytes > this.#heldBytesMax) this.#passOnFromNow();
  }

  emitBytes(buffer: Uint8Array, start: number, end: number, value: JsonValue): void {
    if (this.#state !== "holding") {
      this.#taker.emitBytes(buffer, start, end, value);
      return;
    }
    this.#pairs.emitBytes(buffer, start, end, value);
    if (this.#pairs.bytes > this.#heldBytesMax) this.#passOnFromNow();
  }

  emitSlices(buffer: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    if (this.#state !== "holding") {
      this.#taker.emitSlices(buffer, keyStart, keyEnd, valueStart, valueEnd);
      return;
    }
    this.#pairs.emitSlices(buffer, keyStart, keyEnd, valueStart, valueEnd);
    if (this.#pairs.bytes > this.#heldBytesMax) this.#passOnFromNow();
  }

  count(name: string, n: number): void {
    this.#attempt.count(name, n);
  }

  writeSideFile(name: string, data?: string | Uint8Array): void {
    if (this.#state !== "holding") {
      this.#attempt.sideFiles.append(name, data);
      return;
    }
    this.#writes.push({ name, data: data instanceof Uint8Array ? new Uint8Array(data) : data });
    this.#writtenBytes += data?.length ?? 0;
    if (this.#writtenBytes > this.#heldBytesMax) this.#passOnFromNow();
  }

  #passOnFromNow(): void {
    this.#state = "passing";
    this.#passOn();
  }

  #passOn(): void {
    if (this.#writes.length > 0) {
      const writes = this.#writes;
      this.#forgetWrites();
      for (const { name, data } of writes) this.#attempt.sideFiles.append(name, data);
    }
    if (this.#pairs.pairs > 0) this.#pairs.deliver();
  }

  #forgetWrites(): void {
    if (this.#writes.length > 0) this.#writes = [];
    this.#writtenBytes = 0;
  }

  /** Throws if the call may come from a record whose pairs were taken back. */
  #requireTied(called: string): void {
    if (this.isMapRunning || this.#state === "outside" || !this.#hasTakenBack) return;
    this.#attempt.gate.phase.misplace(called, "after a bad record was skipped");
  }
}
