import { LateEmitError } from "./errors.js";

/**
 * Whether an attempt still takes what its app emits.
 *
 * `open`: it does. `settling`: `map` or `reduce` has returned, and the engine looks for work that the app did not await; a
 * late emit is noted, and fails the attempt. `closed`: the attempt has ended well, so a late emit can only throw.
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
    if (this.#state === "closed") throw error;
    this.#late ??= error;
  }

  #set(state: "open" | "settling" | "closed" | "disowned"): void {
    this.#state = state;
    this.isOpen = state === "open";
  }
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
