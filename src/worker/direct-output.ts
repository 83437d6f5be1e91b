import type { JsonValue } from "../app/contract.js";
import type { LoadedApp } from "../app/load.js";
import { RecordWriter } from "../output/record-writer.js";
import { decodedRange, requireRange } from "../shuffle/collect/byte-ranges.js";
import type { CollectedPartition, Collector } from "../shuffle/collect/collector.js";
import type { PairHold } from "./held-pairs.js";
import type { AttemptSettings } from "./task-context.js";

/** The memory for a held record beside its text. */
const heldRecordBytes = 64;

/**
 * Replaces the collector in a job without reduce tasks: writes the pairs to the output file of the map task, in the
 * order in which they arrive.
 */
export class DirectOutput implements Collector {
  readonly memoryBytes = 0;
  readonly keysWritten = 0;
  readonly spilled = { runs: 0, bytes: 0 };
  readonly #records: RecordWriter;
  readonly #task: number;
  readonly #onOutput: AttemptSettings["onOutput"];

  constructor(
    temporaryPath: string,
    app: Pick<LoadedApp, "writer" | "layout">,
    { ref, output, onOutput }: Pick<AttemptSettings, "ref" | "output" | "onOutput">,
  ) {
    this.#records = RecordWriter.create(temporaryPath, output, app, "emit");
    this.#task = ref.task;
    this.#onOutput = onOutput;
  }

  get pairs(): number {
    return this.#records.count;
  }

  emit(key: string, value: JsonValue): void {
    this.#records.append(key, value);
    this.#onOutput?.(key, value);
  }

  emitBytes(buffer: Uint8Array, start: number, end: number, value: JsonValue): void {
    this.emit(textOf("emitBytes", buffer, start, end), value);
  }

  emitSlices(buffer: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const key = textOf("emitSlices", buffer, keyStart, keyEnd);
    this.emit(key, textOf("emitSlices", buffer, valueStart, valueEnd));
  }

  /** Keeps formatted records, so that an error of the app's own writer comes from the call that emitted the pair. */
  hold(): PairHold {
    return new HeldRecords(this.#records, this.#onOutput);
  }

  finish(): CollectedPartition[] {
    return [{ ...this.#records.finish(), partition: this.#task }];
  }

  discard(): void {
    this.#records.discard();
  }
}

class HeldRecords implements PairHold {
  readonly #writer: RecordWriter;
  readonly #onOutput: AttemptSettings["onOutput"];
  #held: { readonly key: string; readonly value: JsonValue; readonly record: string | Uint8Array }[] = [];
  bytes = 0;

  constructor(writer: RecordWriter, onOutput: AttemptSettings["onOutput"]) {
    this.#writer = writer;
    this.#onOutput = onOutput;
  }

  get pairs(): number {
    return this.#held.length;
  }

  emit(key: string, value: JsonValue): void {
    const given = this.#writer.format(key, value);
    const record = typeof given === "string" ? given : new Uint8Array(given);
    this.#held.push({ key, value, record });
    this.bytes += heldRecordBytes + 2 * record.length;
  }

  emitBytes(buffer: Uint8Array, start: number, end: number, value: JsonValue): void {
    this.emit(textOf("emitBytes", buffer, start, end), value);
  }

  emitSlices(buffer: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const key = textOf("emitSlices", buffer, keyStart, keyEnd);
    this.emit(key, textOf("emitSlices", buffer, valueStart, valueEnd));
  }

  deliver(): void {
    const held = this.#held;
    this.clear();
    for (const { key, value, record } of held) {
      this.#writer.appendFormatted(key, record);
      this.#onOutput?.(key, value);
    }
  }

  clear(): void {
    if (this.#held.length > 0) this.#held = [];
    this.bytes = 0;
  }
}

function textOf(giver: string, buffer: Uint8Array, start: number, end: number): string {
  requireRange(giver, buffer, start, end);
  return decodedRange(buffer, start, end);
}
