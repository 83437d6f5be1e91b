import type { MapContext } from "../app/contract.js";
import type { RecordReader } from "../input/record-reader.js";
import type { SplitSource } from "../input/records.js";
import type { Split } from "../model/split.js";
import type { PairTaker } from "../shuffle/collect/collector.js";
import { AttemptContext, type AttemptSettings } from "./task-context.js";

/** The context of `map`, `setup` and `teardown` in a map attempt. */
export class MapAttemptContext extends AttemptContext implements MapContext {
  readonly kind = "map";
  offset = 0;
  /** Undefined before and after the records of a task that reads several files. */
  #filename: string | undefined;
  readonly #splits: readonly Split[];
  /** Own properties, not methods: apps may take them out of the context (`const { emit } = ctx`). */
  readonly emit: MapContext["emit"];
  readonly emitBytes: MapContext["emitBytes"];
  readonly emitSlices: MapContext["emitSlices"];

  constructor(settings: AttemptSettings, splits: readonly Split[], taker: PairTaker) {
    super(settings);
    this.#splits = splits;
    this.endFiles();
    const { gate } = this;
    const { phase } = gate;
    this.emit = (key, value) => {
      if (phase.isOpen || gate.admitsInOrder("ctx.emit")) taker.emit(key, value);
    };
    this.emitBytes = (buffer, start, end, value) => {
      if (phase.isOpen || gate.admitsInOrder("ctx.emitBytes")) taker.emitBytes(buffer, start, end, value);
    };
    this.emitSlices = (buffer, keyStart, keyEnd, valueStart, valueEnd) => {
      if (phase.isOpen || gate.admitsInOrder("ctx.emitSlices"))
        taker.emitSlices(buffer, keyStart, keyEnd, valueStart, valueEnd);
    };
  }

  get filename(): string {
    if (this.#filename !== undefined) return this.#filename;
    throw new Error(
      `ctx.filename: this task reads ${this.#splits.length} files, and none of them is being read; ` +
        "use it in map, or run the job with --no-group",
    );
  }

  /** The records of this file follow. */
  beginFile(name: string): void {
    this.#filename = name;
  }

  /** No file is being read: before the first record, and after the last one. */
  endFiles(): void {
    const [only, ...others] = this.#splits;
    this.#filename = others.length === 0 ? only?.file : undefined;
  }
}

/** `map` or `mapBytes`. */
export type MapFunction<Value> = ((key: string, value: Value, context: MapContext) => unknown) | undefined;

/** The function of an app that takes the records of a part, and how it opens the part. */
export interface MapOfRecords {
  readonly open: (part: SplitSource, context: MapAttemptContext) => Promise<RecordReader<unknown>>;
  readonly map: MapFunction<unknown>;
}

/** Returns how an app maps the records of a part. */
export type MapOfPart = (part: SplitSource) => MapOfRecords;

/** How many records were mapped, and their total length. */
export interface MappedRecords {
  readonly records: number;
  readonly bytes: number;
}
