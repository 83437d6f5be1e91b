import { LateEmitError } from "./errors.js";

type State = "open" | "delegated" | "settling" | "closed" | "disowned";

/**
 * Whether an attempt still accepts what its app emits.
 *
 * `open`: it does. `delegated`: several records are in flight, each with a gate of its own; pairs and side files, which
 * must come in the order of the records, go through those gates alone. `settling`: `map` or `reduce` has returned, and
 * the engine looks for work that the app did not await; a late emit is noted and fails the attempt. `closed`: the
 * attempt has succeeded, so a late emit throws. If the app catches the error, the attempt that runs by then fails.
 * `disowned`: the attempt has failed; whatever its remaining callbacks emit is dropped, so that it does not harm the
 * attempt that runs by then.
 */
export class EmitPhase {
  /** Public and plain, since each emit reads it. */
  isOpen = true;
  #state: State = "open";
  #fault: Error | undefined;

  /**
   * The error of the first emit that was not accepted: it came while the attempt settled, after its record had ended, or
   * out of the order of the records. It fails the attempt, even if the app has caught it.
   */
  get fault(): Error | undefined {
    return this.#fault;
  }

  get isDelegated(): boolean {
    return this.#state === "delegated";
  }

  open(): void {
    this.#set("open");
  }

  delegate(): void {
    this.#set("delegated");
  }

  settle(): void {
    if (this.#state === "open") this.#set("settling");
  }

  close(): void {
    this.#set("closed");
  }

  disown(): void {
    this.#set("disowned");
  }

  /** Handles an emit that came too late. Throws a LateEmitError once the attempt has succeeded. */
  refuse(task: string, called: string): void {
    if (this.#state === "disowned") return;
    const error = new LateEmitError(task, called);
    if (this.#state === "closed") {
      untold = error;
      throw error;
    }
    this.#fault ??= error;
  }

  /**
   * Throws the error of an emit that nothing ties to its record; `when` says why. An emit that comes out of the order of
   * the records is one.
   */
  misplace(called: string, when = "while records are in flight"): never {
    const error = new Error(`${called} was called on the ctx of setup ${when}; call it on the ctx that map was given`);
    this.#fault ??= error;
    throw error;
  }

  #set(state: State): void {
    this.#state = state;
    this.isOpen = state === "open";
  }
}

let untold: LateEmitError | undefined;

/** The error thrown at a late emit of a successful attempt, returned once. The app may have caught it. */
export function takeUntold(): LateEmitError | undefined {
  const error = untold;
  untold = undefined;
  return error;
}

/**
 * Every object through which an app emits holds the gate: the context with its functions, its counters and its side
 * files. While the garbage collector finds the gate alive, the app may still emit.
 */
export class EmitGate {
  readonly phase: EmitPhase;
  /** The task's name in messages: `map 3`. */
  readonly task: string;

  constructor(task: string, phase: EmitPhase = new EmitPhase()) {
    this.task = task;
    this.phase = phase;
  }

  /**
   * Whether to accept a call of `called`; if not, the caller drops it. Throws a LateEmitError once the attempt has
   * succeeded.
   */
  admits(called: string): boolean {
    if (this.phase.isOpen || this.phase.isDelegated) return true;
    this.phase.refuse(this.task, called);
    return false;
  }

  /**
   * Like `admits`, for calls that must come in the order of the records. Throws an Error while several records are in
   * flight.
   */
  admitsInOrder(called: string): boolean {
    return this.phase.isDelegated ? this.phase.misplace(called) : this.admits(called);
  }
}

/** Decides whether to accept what the app emits through the context of a record. */
export interface RecordAdmission {
  /** Whether to accept a call of `called`; if not, the caller drops it. */
  admits(called: string): boolean;
  /** `map` has ended for the record: a later call is an error of the attempt. */
  end(): void;
  /** The record is no longer wanted: what it emits is dropped. */
  disown(): void;
}

/** The gate of one of several records in flight. It keeps the attempt's gate alive. */
export class RecordGate implements RecordAdmission {
  readonly #attempt: EmitGate;
  #state: "open" | "ended" | "disowned" = "open";

  constructor(attempt: EmitGate) {
    this.#attempt = attempt;
  }

  admits(called: string): boolean {
    if (this.#state === "open") return true;
    if (this.#state === "ended") this.#attempt.phase.refuse(this.#attempt.task, called);
    return false;
  }

  end(): void {
    if (this.#state === "open") this.#state = "ended";
  }

  disown(): void {
    this.#state = "disowned";
  }
}

/**
 * The gate of a context that several records may share, one after the other. An app may have kept the context of an
 * earlier record: while `map` runs without awaiting anything, a call through any context belongs to the current record.
 */
export class SequentialGate implements RecordAdmission {
  readonly #attempt: EmitGate;
  readonly #isMapRunning: () => boolean;
  #state: "open" | "ended" | "disowned" = "open";

  /** `isMapRunning` tells whether `map` runs and has not awaited anything. */
  constructor(attempt: EmitGate, isMapRunning: () => boolean) {
    this.#attempt = attempt;
    this.#isMapRunning = isMapRunning;
  }

  admits(called: string): boolean {
    const { phase, task } = this.#attempt;
    if (this.#state === "open" || this.#isMapRunning()) return phase.isOpen || this.#attempt.admits(called);
    if (this.#state === "ended") phase.refuse(task, called);
    return false;
  }

  end(): void {
    if (this.#state === "open") this.#state = "ended";
  }

  disown(): void {
    this.#state = "disowned";
  }
}
