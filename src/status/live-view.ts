import type { ServerResponse } from "node:http";
import type { JobView } from "../model/job-view.js";

/** The maximum share of the coordinator's time spent on building and sending views. */
const shareMax = 0.02;
const [intervalMinMs, intervalMaxMs] = [250, 5000];
/** The maximum time between two messages, so that both ends notice when the other is gone. */
const silenceMaxMs = 10_000;
/** A watcher that has read nothing for this long is presumed gone. */
const stuckMaxMs = 30_000;

interface Section {
  text: string;
  version: number;
}

interface Watcher {
  readonly response: ServerResponse;
  /** The version of each section that was sent to it. */
  readonly versions: Map<string, number>;
  sentAtMs: number;
}

/**
 * The job as server-sent events: first the whole view, then the properties that have changed (finer
 * changes would need code of their own on both sides). A view is built once for
 * all watchers and not at all without any; the longer it takes, the less often. A slow watcher gets nothing new until
 * it has read what it was sent, so at most one view waits for it. The page is served by the coordinator's process, and
 * must not cost the job anything.
 */
export class LiveView {
  readonly #watchers = new Set<Watcher>();
  readonly #sections = new Map<keyof JobView, Section>();
  readonly #take: () => JobView | undefined;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(take: () => JobView | undefined) {
    this.#take = take;
  }

  /** Sends events to this response from now on, until it closes or the job has ended. */
  watch(response: ServerResponse): void {
    const watcher: Watcher = { response, versions: new Map(), sentAtMs: performance.now() };
    this.#watchers.add(watcher);
    response.on("close", () => this.#watchers.delete(watcher));
    // The connection broke; "close" follows.
    response.on("error", () => undefined);
    response.write("retry: 1000\n\n");
    // Otherwise the view was just sent to other watchers.
    if (this.#timer === undefined) this.#run();
    else this.#send(watcher);
  }

  /** Sends this view, and that it is the last. */
  end(last: JobView | undefined): void {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    if (last !== undefined) this.#update(last);
    for (const watcher of this.#watchers) {
      this.#send(watcher);
      watcher.response.end("event: end\ndata: {}\n\n");
    }
  }

  #run(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#hasEnded || this.#watchers.size === 0) return;
    const startMs = performance.now();
    const view = this.#take();
    if (view !== undefined) this.#update(view);
    for (const watcher of this.#watchers) this.#attend(watcher);
    const tookMs = performance.now() - startMs;
    const waitMs = Math.min(intervalMaxMs, Math.max(intervalMinMs, tookMs / shareMax));
    // Watchers must not keep the process alive.
    this.#timer = setTimeout(() => this.#run(), waitMs).unref();
  }

  #update(view: JobView): void {
    for (const name of Object.keys(view) as (keyof JobView)[]) {
      const text = JSON.stringify(view[name]);
      const section = this.#sections.get(name);
      if (section === undefined) this.#sections.set(name, { text, version: 1 });
      else if (section.text !== text) Object.assign(section, { text, version: section.version + 1 });
    }
  }

  #attend(watcher: Watcher): void {
    const { response } = watcher;
    const silentMs = performance.now() - watcher.sentAtMs;
    if (response.writableNeedDrain) {
      if (silentMs > stuckMaxMs) response.destroy();
      return;
    }
    if (!this.#send(watcher) && silentMs > silenceMaxMs) {
      response.write(": still here\n\n");
      watcher.sentAtMs = performance.now();
    }
  }

  /** Returns whether there was something to send. */
  #send(watcher: Watcher): boolean {
    const { versions, response } = watcher;
    const changed = [...this.#sections].filter(([name, { version }]) => versions.get(name) !== version);
    if (changed.length === 0) return false;
    for (const [name, { version }] of changed) versions.set(name, version);
    const patch = changed.map(([name, { text }]) => `"${name}":${text}`).join(",");
    response.write(`data: {${patch}}\n\n`);
    watcher.sentAtMs = performance.now();
    return true;
  }
}
