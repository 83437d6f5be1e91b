import { LateEmitError } from "./errors.js";

type State = "open" | "delegated" | "settling" | "closed" | "disowned";

/**
 * Whether an attempt still takes what its app emits.
 *
 * `open`: it does. `delegated`: several records are in flight, each of which has a gate of its own; what must be in the order
 * of the records, pairs and side files, is taken there alone. `settling`: `map` or `reduce` has returned, and the engine looks
 * for work that the app did not await; a late emit is noted, and fails the attempt. `closed`: the attempt has ended well, so a
 * late emit throws, and fails the attempt that runs by then in case the app catches what is thrown. `disowned`: the attempt has
 * failed; whatever its remaining callbacks emit is dropped, so that they do not harm the attempt that runs by then.
 */
export class EmitPhase {
  /** Public and plain, since each emit reads it. */
  isOpen = true;
  #state: State = "open";
  #late: LateEmitError | undefined;

  /** The first emit that came while the attempt settled, or when its record had ended. */
  get late(): LateEmitError | undefined {
    return this.#late;
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

  /** Takes an emit that came too late. Throws a LateEmitError once the attempt has ended well. */
  refuse(task: string, called: string): void {
    if (this.#state === "disowned") return;
    const error = new LateEmitError(task, called);
    if (this.#state === "closed") {
      untold = error;
      throw error;
    }
    this.#late ??= error;
  }

  #set(state: State): void {
    this.#state = state;
    this.isOpen = state === "open";
  }
}

let untold: LateEmitError | undefined;

/** What was thrown at an emit of an attempt that had ended well, once. The app may have caught it. */
export function takeUntold(): LateEmitError | undefined {
  const error = untold;
  untold = undefined;
  return error;
}

/**
 * What everything holds through which an app emits: the context with its functions, its counters and its side files. While
 * the garbage collector finds the gate alive, something of the app may still emit.
 */
export class EmitGate {
  readonly phase: EmitPhase;
  /** How the task is called in messages: `map 3`. */
  readonly task: string;

  constructor(task: string, phase: EmitPhase = new EmitPhase()) {
    this.task = task;
    this.phase = phase;
  }

  /**
   * Whether a call of `called` is taken. When it is not, it is to be dropped. Throws a LateEmitError once the attempt has
   * ended well.
   */
  admits(called: string): boolean {
    if (this.phase.isOpen || this.phase.isDelegated) return true;
    this.phase.refuse(this.task, called);
    return false;
  }

  /** As `admits`, for what must come in the order of the records. Throws an Error while several of them are in flight. */
  admitsInOrder(called: string): boolean {
    if (!this.phase.isDelegated) return this.admits(called);
    throw new Error(
      `${called} was called on the ctx of setup while records are in flight; call it on the ctx that map was given`,
    );
  }
}

/** The gate of one record of several in flight. It keeps that of its attempt alive. */
export class RecordGate {
  readonly #attempt: EmitGate;
  #state: "open" | "ended" | "disowned" = "open";

  constructor(attempt: EmitGate) {
    this.#attempt = attempt;
  }

  /** Whether a call of `called` is taken; an error of the attempt when it comes after `map` has ended for this record. */
  admits(called: string): boolean {
    if (this.#state === "open") return true;
    if (this.#state === "ended") this.#attempt.phase.refuse(this.#attempt.task, called);
    return false;
  }

  /** `map` has ended for the record. */
  end(): void {
    if (this.#state === "open") this.#state = "ended";
  }

  /** Nobody wants the record any more: what it emits is dropped. */
  disown(): void {
    this.#state = "disowned";
  }
}
