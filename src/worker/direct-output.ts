import type { JsonValue } from "../app/contract.js";
import type { LoadedApp } from "../app/load.js";
import type { OutputSettings } from "../output/output-format.js";
import { RecordWriter } from "../output/record-writer.js";
import { decodedRange, requireRange } from "../shuffle/collect/byte-ranges.js";
import type { CollectedPartition, Collector } from "../shuffle/collect/collector.js";

/**
 * What takes the collector's place in a job without reduce tasks: the pairs go to the output file of the map task, in the
 * order in which they come.
 */
export class DirectOutput implements Collector {
  readonly memoryBytes = 0;
  readonly #records: RecordWriter;
  readonly #task: number;

  constructor(temporaryPath: string, task: number, output: OutputSettings, writer: LoadedApp["writer"]) {
    this.#records = RecordWriter.create(temporaryPath, output, writer, "emit");
    this.#task = task;
  }

  get pairs(): number {
    return this.#records.count;
  }

  emit(key: string, value: JsonValue): void {
    this.#records.append(key, value);
  }

  emitBytes(buffer: Uint8Array, start: number, end: number, value: JsonValue): void {
    this.#records.append(textOf("emitBytes", buffer, start, end), value);
  }

  emitSlices(buffer: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const key = textOf("emitSlices", buffer, keyStart, keyEnd);
    this.#records.append(key, textOf("emitSlices", buffer, valueStart, valueEnd));
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
