import { LateEmitError } from "./errors.js";

/**
 * Whether an attempt still takes what its app emits.
 *
 * `open`: it does. `settling`: `map` or `reduce` has returned, and the engine looks for work that the app did not await; a
 * late emit is noted, and fails the attempt. `closed`: the attempt has ended well, so a late emit throws, and fails the
 * attempt that runs by then in case the app catches what is thrown.
 * `disowned`: the attempt has failed; whatever its remaining callbacks emit is dropped, so that they do not harm the
 * attempt that runs by then.
 */
export class EmitPhase {
  /** Public and plain, since each emit reads it. */
  isOpen = true;
  #state: "open" | "settling" | "closed" | "disowned" = "open";
  #late: LateEmitError | undefined;

  /** The first emit that came while the attempt settled. */
  get late(): LateEmitError | undefined {
    return this.#late;
  }

  open(): void {
    this.#set("open");
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

  /** Takes an emit that came when the phase was not open. Throws a LateEmitError once the attempt has ended well. */
  refuse(task: string, called: string): void {
    if (this.#state === "disowned") return;
    const error = new LateEmitError(task, called);
    if (this.#state === "closed") {
      untold = error;
      throw error;
    }
    this.#late ??= error;
  }

  #set(state: "open" | "settling" | "closed" | "disowned"): void {
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
    if (this.phase.isOpen) return true;
    this.phase.refuse(this.task, called);
    return false;
  }
}
