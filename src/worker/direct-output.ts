import type { JsonValue } from "../app/contract.js";
import type { LoadedApp } from "../app/load.js";
import { RecordWriter } from "../output/record-writer.js";
import { decodedRange, requireRange } from "../shuffle/collect/byte-ranges.js";
import type { CollectedPartition, Collector } from "../shuffle/collect/collector.js";
import type { AttemptSettings } from "./task-context.js";

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

  finish(): CollectedPartition[] {
    return [{ ...this.#records.finish(), partition: this.#task }];
  }

  discard(): void {
    this.#records.discard();
  }
}

function textOf(giver: string, buffer: Uint8Array, start: number, end: number): string {
  requireRange(giver, buffer, start, end);
  return decodedRange(buffer, start, end);
}
