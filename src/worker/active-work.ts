/**
 * Lists what became active in this thread since an attempt began: timers, requests, connections, child processes and
 * the like, each by Node's name for its kind. There are two ways to find out, for the two places in which attempts run.
 */
import { AsyncLocalStorage, createHook } from "node:async_hooks";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import type { MessagePort } from "node:worker_threads";
import { UnrefedWork } from "./unrefed-work.js";

export interface ActiveWork {
  /** Whether only the attempt can keep the event loop alive while `started` lists nothing. */
  readonly isLoopOwn: boolean;
  /** The kinds of work that the attempt started and that is still active. */
  started(): string[];
  /**
   * From now on open resources, such as connections and worker threads, do not count as started. Timers and requests
   * do.
   */
  noteSetUp(): Promise<void>;
  /** Resolves to whether nothing is active: as soon as that is so, or after that time. */
  isIdleWithin(pauseMs: number): Promise<boolean>;
  /** Runs the attempt. */
  run<Result>(attempt: () => Promise<Result>): Promise<Result>;
  stop(): void;
}

/** How long output that an earlier attempt or `setup` printed may take to be written. */
const pauseMsAtStart = 10;

/** For a thread that only runs attempts: its event loop is idle exactly when nothing is pending. Costs nothing. */
export class ActiveInOwnLoop implements ActiveWork {
  readonly #port: MessagePort;
  readonly #unrefed = new UnrefedWork();
  #before = activeKinds();
  #isLoopOwn: boolean;

  private constructor(port: MessagePort, isLoopOwn: boolean) {
    this.#port = port;
    this.#isLoopOwn = isLoopOwn;
  }

  /** `port` gives the thread its instructions and keeps its event loop alive. */
  static async begin(port: MessagePort): Promise<ActiveInOwnLoop> {
    return new ActiveInOwnLoop(port, await isLoopIdleWithin(pauseMsAtStart, port));
  }

  get isLoopOwn(): boolean {
    return this.#isLoopOwn;
  }

  started(): string[] {
    const kinds = Object.entries(activeKinds()).filter(([kind, count]) => count > (this.#before[kind] ?? 0));
    return [...kinds.map(([kind]) => kind), ...this.#unrefed.pending()];
  }

  async noteSetUp(): Promise<void> {
    this.#unrefed.forget();
    // Worker threads and the like keep the loop alive without being listed.
    if (!(await isLoopIdleWithin(pauseMsAtStart, this.#port))) this.#isLoopOwn = false;
    const now = Object.entries(activeKinds()).filter(([kind]) => isKeptOpen(kind));
    this.#before = { ...this.#before, ...Object.fromEntries(now) };
  }

  async isIdleWithin(pauseMs: number): Promise<boolean> {
    if (!(await isLoopIdleWithin(pauseMs, this.#port))) return false;
    if (this.#unrefed.pending().length === 0) return true;
    await delay(pauseMs);
    return this.#unrefed.pending().length === 0;
  }

  run<Result>(attempt: () => Promise<Result>): Promise<Result> {
    return attempt();
  }

  stop(): void {
    this.#unrefed.stop();
  }
}

/**
 * Whether the event loop runs out of work within that time, which is when Node emits `beforeExit`. This covers
 * everything that keeps a program from ending, including what `getActiveResourcesInfo` does not list: zlib, crypto and
 * worker threads.
 */
async function isLoopIdleWithin(pauseMs: number, port: MessagePort): Promise<boolean> {
  port.unref();
  try {
    return await new Promise<boolean>((resolve) => {
      const endMs = performance.now() + pauseMs;
      let timer: NodeJS.Timeout;
      const onIdle = () => {
        clearTimeout(timer);
        // It keeps the thread from ending.
        setImmediate(() => resolve(true));
      };
      const onTime = () => {
        const leftMs = endMs - performance.now();
        if (leftMs > 0) wait(leftMs);
        else {
          process.off("beforeExit", onIdle);
          resolve(false);
        }
      };
      // A timer counts from the time of the event loop, which stood still while the attempt ran: it may fire at once.
      const wait = (ms: number) => (timer = setTimeout(onTime, ms).unref());
      process.once("beforeExit", onIdle);
      wait(pauseMs);
    });
  } finally {
    port.ref();
  }
}

/**
 * What keeps the event loop alive, by kind. A worker thread prints through ports, and immediates pass, so neither
 * counts.
 */
function activeKinds(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (kind !== "MessagePort" && kind !== "Immediate") counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/**
 * For a thread that does other things at the same time, such as the main thread of a test framework: `async_hooks`
 * reports what was started in the attempt's own asynchronous context. That slows down promises, if the app makes any.
 */
export class ActiveInContext implements ActiveWork {
  readonly isLoopOwn = false;
  readonly #unrefed = new UnrefedWork();
  readonly #live = new Map<number, { readonly kind: string; readonly resource: WeakRef<object> }>();
  readonly #hook = createHook({
    init: (id, kind, _, resource) => {
      if (watched.test(kind) && context.getStore() === this) {
        this.#live.set(id, { kind, resource: new WeakRef(resource) });
      }
    },
    // The request has ended. A promise-based request is destroyed only when it is collected, which may be much later.
    after: (id) => {
      const work = this.#live.get(id);
      if (work !== undefined && isRequest(work.kind)) this.#live.delete(id);
    },
    destroy: (id) => {
      this.#live.delete(id);
    },
  }).enable();

  started(): string[] {
    const active = [...this.#live.values()].filter(({ resource }) => {
      const handle = resource.deref() as { hasRef?(): boolean } | undefined;
      return handle !== undefined && handle.hasRef?.() !== false;
    });
    return [...active.map(({ kind }) => kind), ...this.#unrefed.pending()];
  }

  noteSetUp(): Promise<void> {
    this.#unrefed.forget();
    for (const [id, { kind }] of this.#live) if (isKeptOpen(kind)) this.#live.delete(id);
    return Promise.resolve();
  }

  async isIdleWithin(pauseMs: number): Promise<boolean> {
    // Node reports an unhandled rejection a turn later.
    await nextTurn();
    if (this.started().length === 0) return true;
    await delay(pauseMs);
    return this.started().length === 0;
  }

  run<Result>(attempt: () => Promise<Result>): Promise<Result> {
    return context.run(this, attempt);
  }

  stop(): void {
    this.#hook.disable();
    this.#live.clear();
    this.#unrefed.stop();
  }
}

const context = new AsyncLocalStorage<ActiveInContext>();

/**
 * `async_hooks` names of work that runs in other threads and ends by itself. `getActiveResourcesInfo` does not list it.
 */
const inOtherThreads = /^(QUERYWRAP|ZLIB|(?!HTTP)\w+(REQUEST|JOB))$/;
/** An HTTP request shows as its connection: the HTTP kind lives on with the parser, which Node keeps for later. */
const watched =
  /^(Timeout|FSREQ\w+|FILEHANDLECLOSEREQ|(TCP|PIPE|UDP|PROCESS|TCPCONNECT|PIPECONNECT|WRITE|SHUTDOWN|QUERY)WRAP|GET\w+REQWRAP|FSEVENTWRAP|STATWATCHER|ZLIB|WORKER|(?!HTTP)\w+(REQUEST|JOB))$/;

/** Whether it is a single operation, on a file, a name or an open connection. */
export function isRequest(kind: string): boolean {
  return /req|^writewrap|^shutdownwrap/i.test(kind);
}

/** Whether work of that kind ends by itself and is not kept open for later. A pool may be connecting all the time. */
export function isFinite(kind: string): boolean {
  return /^(fsreq|closereq|filehandleclose|processwrap)/i.test(kind) || inOtherThreads.test(kind);
}

function isKeptOpen(kind: string): boolean {
  return kind !== "Timeout" && !isRequest(kind);
}

const names: readonly [kind: RegExp, name: string][] = [
  [/^timeout$/i, "a timer"],
  [/^(fsreq|closereq|filehandleclose)/i, "a file operation"],
  [/^(processwrap|unrefedprocess)$/i, "a child process"],
  [/^(tcp|tls|http|connect)/i, "a network connection"],
  [/^(getaddrinfo|getnameinfo|query)/i, "a DNS query"],
];
const isWorker = /^(WORKER|UnrefedWorker)$/;
const elsewhere = "work in another thread, such as zlib, crypto or a Worker";

/** Names the kinds for messages. */
export function describeKinds(started: readonly string[]): string {
  const nameOf = (kind: string) =>
    names.find(([pattern]) => pattern.test(kind))?.[1] ??
    (inOtherThreads.test(kind) || isWorker.test(kind) ? elsewhere : kind);
  const found = new Set(started.map(nameOf));
  // A child's pipes belong to the child.
  if (found.has("a child process")) for (const pipe of ["PipeWrap", "PIPEWRAP"]) found.delete(pipe);
  return found.size === 0 ? elsewhere : [...found].join(" and ");
}
