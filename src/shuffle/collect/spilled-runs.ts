import { closeSync, openSync } from "node:fs";
import type { Combine } from "../../app/combine.js";
import { StagedFile } from "../../storage/staged-file.js";
import { CoalescingSink } from "./coalescing-sink.js";
import { CombiningSink } from "./combining-sink.js";
import { mergeRuns } from "./run-merge.js";
import { RunReader } from "./run-reader.js";
import { RunWriter } from "./run-writer.js";
import type { SortedSink } from "./sorted-sink.js";

/** More runs than this are merged in passes. */
const mergedRunsMax = 64;
const blockBytes = 64 * 1024;

/**
 * The runs of one collector, in the order in which they were spilled. `discard` removes all of the files, in any state.
 */
export class SpilledRuns {
  readonly #pathOf: (run: number) => string;
  readonly #combine: Combine | undefined;
  #runs: StagedFile[] = [];
  #made = 0;
  #bytes = 0;

  constructor(pathOf: (run: number) => string, combine: Combine | undefined) {
    this.#pathOf = pathOf;
    this.#combine = combine;
  }

  get count(): number {
    return this.#runs.length;
  }

  /** How many runs were made, including merge passes, and their bytes. */
  get made(): { readonly runs: number; readonly bytes: number } {
    return { runs: this.#made, bytes: this.#bytes };
  }

  /** Adds a run from the pairs that `write` passes to the sink. */
  add(write: (sink: SortedSink) => void): void {
    this.#runs.push(this.#make(write));
  }

  merge(sink: SortedSink): void {
    while (this.#runs.length > mergedRunsMax) this.#mergePass();
    this.#mergeInto(this.#runs, sink);
  }

  /** Removes all files. */
  discard(): void {
    for (const run of this.#runs) run.discard();
    this.#runs = [];
  }

  /** Merges neighbours, so that the values of a key keep their order. */
  #mergePass(): void {
    const { length } = this.#runs;
    const mergedRuns = Math.ceil(length / Math.ceil(length / mergedRunsMax));
    for (let at = 0; at < this.#runs.length; at++) {
      const some = this.#runs.slice(at, at + mergedRuns);
      this.#runs.splice(
        at,
        some.length,
        this.#make((sink) => this.#mergeInto(some, sink)),
      );
      for (const run of some) run.discard();
    }
  }

  #make(write: (sink: SortedSink) => void): StagedFile {
    const file = StagedFile.create(this.#pathOf(this.#made++));
    try {
      const writer = new RunWriter(file);
      write(writer);
      writer.flush();
      this.#bytes += file.close().bytes;
      return file;
    } catch (error) {
      file.discard();
      throw error;
    }
  }

  #mergeInto(runs: readonly StagedFile[], sink: SortedSink): void {
    const descriptors: number[] = [];
    try {
      for (const { path } of runs) descriptors.push(openSync(path, "r"));
      const readers = descriptors.map((descriptor, index) => new RunReader(descriptor, index, blockBytes));
      mergeRuns(readers, this.#combine ? new CombiningSink(sink, this.#combine) : new CoalescingSink(sink));
    } finally {
      for (const descriptor of descriptors) closeSync(descriptor);
    }
  }
}
