/**
 * Finds work that an app started and told Node not to wait for: timers, child processes and worker threads after
 * `unref()`, `timers/promises` with `{ ref: false }`, and `AbortSignal.timeout`. It can emit like any other work, but
 * does not keep an event loop alive, and Node lists it nowhere. So this module wraps those functions, for the whole
 * thread, once the first attempt begins. It costs nothing per record, since apps do not call them for each record.
 */
import { ChildProcess } from "node:child_process";
import { getEventListeners } from "node:events";
import { syncBuiltinESMExports } from "node:module";
import timersPromises from "node:timers/promises";
import { Worker } from "node:worker_threads";

interface Item {
  readonly kind: string;
  isPending(): boolean;
}

/** The current observers. A thread has more than one only in tests. */
const watching = new Set<UnrefedWork>();

/** Work started without a reference since this was created. */
export class UnrefedWork {
  #items: Item[] = [];
  #lengthToPrune = 1000;

  constructor() {
    wrapOnce();
    watching.add(this);
  }

  /** The kinds of pending work. */
  pending(): string[] {
    this.#prune();
    return this.#items.map(({ kind }) => kind);
  }

  /** Ignores all work started until now. */
  forget(): void {
    this.#items = [];
  }

  /** To be called once the attempt has ended. */
  stop(): void {
    watching.delete(this);
    this.forget();
  }

  add(item: Item): void {
    this.#items.push(item);
    if (this.#items.length < this.#lengthToPrune) return;
    this.#prune();
    this.#lengthToPrune = 1000 + 2 * this.#items.length;
  }

  #prune(): void {
    this.#items = this.#items.filter((item) => item.isPending());
  }
}

function note(item: Item): void {
  for (const one of watching) one.add(item);
}

/** Notes an object, without keeping it alive. */
function noteObject<T extends object>(kind: string, object: T, isPending: (object: T) => boolean): void {
  const reference = new WeakRef(object);
  note({
    kind,
    isPending() {
      const target = reference.deref();
      return target !== undefined && isPending(target);
    },
  });
}

/** Whether Node itself called the wrapper, for example for the timers by which `fetch` closes idle connections. */
function isCalledByNode(): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 3;
  const { stack = "" } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return /\(?node:internal\/[^\n]*$/.test(stack);
}

interface Unrefable {
  unref(): unknown;
}

function wrapUnref<T extends Unrefable>(kind: string, prototype: T, isPending: (object: T) => boolean): void {
  const original = Reflect.get(prototype, "unref") as (this: T) => unknown;
  const wrapper = {
    unref(this: T): unknown {
      if (watching.size > 0 && !isCalledByNode()) noteObject(kind, this, isPending);
      return Reflect.apply(original, this, []);
    },
  };
  Object.assign(prototype, wrapper);
}

let isWrapped = false;

function wrapOnce(): void {
  if (isWrapped) return;
  isWrapped = true;
  const timer = setTimeout(() => undefined, 0);
  clearTimeout(timer);
  wrapUnref("Timeout", Object.getPrototypeOf(timer) as typeof timer & { _destroyed?: boolean }, (one) => {
    return one._destroyed !== true && !one.hasRef();
  });
  wrapUnref("UnrefedProcess", ChildProcess.prototype, (child) => child.exitCode === null && child.signalCode === null);
  wrapUnref("UnrefedWorker", Worker.prototype, (worker) => worker.threadId !== -1);
  wrapTimersPromises();
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (delayMs) => {
    const signal = timeout(delayMs);
    noteObject("Timeout", signal, (one) => !one.aborted && getEventListeners(one, "abort").length > 0);
    return signal;
  };
}

function wrapTimersPromises(): void {
  const { setTimeout: delay, setInterval: ticks } = timersPromises;
  timersPromises.setTimeout = (delayMs, value, options) => {
    const promise = delay(delayMs, value, options);
    if (options?.ref === false) noteUntil((onEnd) => promise.then(onEnd, onEnd));
    return promise;
  };
  timersPromises.setInterval = (delayMs, value, options) => {
    const iterator = ticks(delayMs, value, options);
    if (options?.ref !== false) return iterator;
    let end: (() => void) | undefined;
    noteUntil((onEnd) => (end = onEnd));
    const original = iterator.return?.bind(iterator);
    iterator.return = (...given) => {
      end?.();
      return original?.(...given) ?? Promise.resolve({ done: true, value: undefined });
    };
    return iterator;
  };
  // For modules that import them by name.
  syncBuiltinESMExports();
}

/** Notes a timer that is pending until `watch` calls its argument. */
function noteUntil(watch: (onEnd: () => void) => unknown): void {
  let isPending = true;
  note({ kind: "Timeout", isPending: () => isPending });
  watch(() => {
    isPending = false;
  });
}
