import type { Counter, EarlierCounters, MapContext, SideFile } from "../app/contract.js";
import type { RecordAdmission } from "./emit-gate.js";
import type { RecordSink } from "./held-emits.js";
import type { MapAttemptContext } from "./map-context.js";
import { requireCountable, requireCounterName } from "./task-context.js";

/**
 * The context of one call of `map` while several are under way, or while bad records are skipped. It ties pairs, counts
 * and side files to their record.
 */
export class RecordContext implements MapContext {
  readonly kind = "map";
  /** The place of the record. Records that follow each other may share a context. */
  filename: string;
  offset: number;
  readonly task: number;
  readonly attempt: number;
  /** Own properties, as in `MapAttemptContext`. */
  readonly emit: MapContext["emit"];
  readonly emitBytes: MapContext["emitBytes"];
  readonly emitSlices: MapContext["emitSlices"];
  readonly #attempt: MapAttemptContext;
  readonly #held: RecordSink;
  readonly #gate: RecordAdmission;
  readonly #signal: AbortSignal | undefined;
  #cancelling: AbortController | undefined;
  #isCancelled = false;

  /** Without a `signal`, the context has its own, which `cancel` fires. */
  constructor(
    attempt: MapAttemptContext,
    { file, offset }: { readonly file: string; readonly offset: number },
    held: RecordSink,
    gate: RecordAdmission,
    signal?: AbortSignal,
  ) {
    this.filename = file;
    this.offset = offset;
    this.task = attempt.task;
    this.attempt = attempt.attempt;
    this.#attempt = attempt;
    this.#held = held;
    this.#signal = signal;
    this.#gate = gate;
    this.emit = (key, value) => {
      if (gate.admits("ctx.emit")) held.emit(key, value);
    };
    this.emitBytes = (buffer, start, end, value) => {
      if (gate.admits("ctx.emitBytes")) held.emitBytes(buffer, start, end, value);
    };
    this.emitSlices = (buffer, keyStart, keyEnd, valueStart, valueEnd) => {
      if (gate.admits("ctx.emitSlices")) held.emitSlices(buffer, keyStart, keyEnd, valueStart, valueEnd);
    };
  }

  get args(): Readonly<Record<string, string>> {
    return this.#attempt.args;
  }

  set args(args: Readonly<Record<string, string>>) {
    this.#attempt.args = args;
  }

  get earlierCounters(): EarlierCounters {
    return this.#attempt.earlierCounters;
  }

  /** Created on first use, since most apps never read it. */
  get signal(): AbortSignal {
    if (this.#signal !== undefined) return this.#signal;
    this.#cancelling ??= new AbortController();
    if (this.#isCancelled) this.#cancelling.abort(cancelReason());
    return this.#cancelling.signal;
  }

  log(message: string): void {
    this.#attempt.log(message);
  }

  file(name: string): string {
    return this.#attempt.file(name);
  }

  counter(name: string): Counter {
    requireCounterName(name);
    return {
      add: (n = 1) => {
        if (!this.#gate.admits("add of a counter")) return;
        requireCountable(name, n);
        this.#held.count(name, n);
      },
    };
  }

  sideFile(name: string): SideFile {
    const path = this.#attempt.sideFiles.pathOf(name);
    if (this.#gate.admits("ctx.sideFile")) this.#held.writeSideFile(name);
    return {
      path,
      write: (data) => {
        if (this.#gate.admits("write of a side file")) this.#held.writeSideFile(name, data);
      },
    };
  }

  /** Notes that `map` has ended for this record. A later emit fails the attempt. */
  end(): void {
    this.#gate.end();
  }

  /** Fires the signal of the record, and drops whatever it still emits. */
  cancel(): void {
    this.#gate.disown();
    this.#isCancelled = true;
    this.#cancelling?.abort(cancelReason());
  }
}

function cancelReason(): DOMException {
  return new DOMException("the attempt has ended", "AbortError");
}
