/**
 * Checks that an app's `combine` does not change the result of `reduce`. `testApp` and jobs with `--sample` run this
 * check on the first pairs that each map attempt emits; other jobs do not, because it calls `reduce` several times.
 *
 * For each key the check calls `reduce` with the values as `map` emitted them, then with values folded by `combine` in
 * ways that a job may use: all values, including an earlier result of `combine`; and half of the values, beside the
 * others.
 */
import { inspect } from "node:util";
import { combinedValues, type Combine } from "../app/combine.js";
import type { JsonValue, NamedOutput, ReduceContext } from "../app/contract.js";
import { directoryOfOutput } from "../model/output-names.js";
import { shownKey } from "../app/given.js";
import type { LoadedApp } from "../app/load.js";
import { readableError, thrownText } from "../app/thrown.js";
import { emittedKeyOf, groupedKey, groupingOf, groupOf, type Grouping } from "../shuffle/grouped-key.js";
import { decodedRange } from "../shuffle/collect/byte-ranges.js";
import type { PairTaker } from "../shuffle/collect/collector.js";
import { storedText, storedValue } from "../shuffle/stored-value.js";
import { CombineMismatchError } from "./errors.js";
import { AttemptHooks } from "./hooks.js";
import { emitResult } from "./reduce-task.js";
import { isSameResult } from "./same-result.js";
import { AttemptContext, hookAtWork, type AttemptSettings } from "./task-context.js";

/** The check stops keeping pairs at these limits. */
const pairsMax = 10_000;
const charactersMax = 4 * 1024 * 1024;
const shownCharactersMax = 200;

/** Passes all pairs on, and keeps the texts of the first ones. */
export class CombineCheck implements PairTaker {
  readonly #app: LoadedApp;
  readonly #combine: Combine;
  readonly #settings: AttemptSettings;
  readonly #taker: PairTaker;
  readonly #grouping: Grouping | undefined;
  /** The texts of the values, by the key that the shuffle sorts by. */
  readonly #texts = new Map<string, string[]>();
  #pairs = 0;
  #characters = 0;

  constructor(app: LoadedApp, combine: Combine, settings: AttemptSettings, taker: PairTaker) {
    this.#app = app;
    this.#combine = combine;
    this.#settings = settings;
    this.#taker = taker;
    this.#grouping = groupingOf(app);
  }

  get pairs(): number {
    return this.#taker.pairs;
  }

  emit(key: string, value: JsonValue): void {
    this.#taker.emit(key, value);
    if (this.#isFull) return;
    const text = storedText("emit", key, value);
    const sortKey = this.#grouping === undefined ? key : groupedKey(this.#grouping, key, value);
    const texts = this.#texts.get(sortKey);
    if (texts === undefined) this.#texts.set(sortKey, [text]);
    else texts.push(text);
    this.#pairs++;
    this.#characters += text.length;
  }

  emitBytes(buffer: Uint8Array, start: number, end: number, value: JsonValue): void {
    if (this.#isFull) this.#taker.emitBytes(buffer, start, end, value);
    else this.emit(decodedRange(buffer, start, end), value);
  }

  emitSlices(buffer: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    if (this.#isFull) this.#taker.emitSlices(buffer, keyStart, keyEnd, valueStart, valueEnd);
    else this.emit(decodedRange(buffer, keyStart, keyEnd), decodedRange(buffer, valueStart, valueEnd));
  }

  /**
   * Calls `reduce` with and without `combine`. Throws a CombineMismatchError for the first key whose results differ,
   * and the errors of `combine`. Accepts an app whose `reduce` throws or is not deterministic: then there is nothing to
   * compare.
   */
  async run(): Promise<void> {
    const groups = this.#groups();
    let reference: Results;
    try {
      reference = await this.#reduced(groups, (_, texts) => texts.map(storedValue));
    } catch {
      return;
    }
    for (const fold of [allFolded, someFolded]) {
      const mismatch = await this.#mismatch(groups, reference, fold);
      if (mismatch === undefined) continue;
      const again = await this.#reduced(groups, (_, texts) => texts.map(storedValue));
      if (isSameResult(again, reference)) throw mismatch;
      return;
    }
  }

  get #isFull(): boolean {
    return this.#pairs >= pairsMax || this.#characters >= charactersMax;
  }

  /** The keys that `reduce` gets, in job order, each with the parts that `combine` folds separately. */
  #groups(): Group[] {
    const grouping = this.#grouping;
    const sorted = [...this.#texts].map(([sortKey, texts]) => ({ bytes: Buffer.from(sortKey), sortKey, texts }));
    sorted.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
    const groups: Group[] = [];
    for (const { sortKey, texts } of sorted) {
      const key = grouping === undefined ? sortKey : groupOf(sortKey);
      const part = { emittedKey: grouping === undefined ? sortKey : emittedKeyOf(grouping, sortKey), texts };
      const last = groups.at(-1);
      if (last?.key === key) last.parts.push(part);
      else groups.push({ key, parts: [part] });
    }
    return groups;
  }

  async #mismatch(groups: readonly Group[], reference: Results, fold: Fold): Promise<CombineMismatchError | undefined> {
    // An error of `combine` itself would end the job as well.
    const folded = new Map<Part, JsonValue[]>();
    for (const part of groups.flatMap(({ parts }) => parts)) folded.set(part, fold(this.#combine, part));
    const copied = (part: Part) => folded.get(part) ?? [];
    let results: Results;
    try {
      results = await this.#reduced(groups, (part) => copied(part));
    } catch (error) {
      return new CombineMismatchError(
        `reduce gives results for what map emits, but for values that combine has folded it throws ${thrownText(readableError(error))}`,
      );
    }
    const at = results.findIndex((result, index) => !isSameResult(result, reference[index] ?? []));
    if (at < 0) return undefined;
    const key = groups[at]?.key;
    const where = key === undefined ? "after the last key" : `for key ${shownKey(key)}`;
    return new CombineMismatchError(
      `${where} reduce gives ${shown(reference[at])}, but ${shown(results[at])} when combine has folded some of the values`,
    );
  }

  /** The results of `reduce` for each group, and at the end what `teardown` emits. */
  async #reduced(
    groups: readonly Group[],
    valuesOf: (part: Part, texts: readonly string[]) => JsonValue[],
  ): Promise<Results> {
    const { ref, progress } = this.#settings;
    // Its side files need names that no running attempt uses: all sample tasks end before the first map task begins.
    const context = new CheckContext({ ...this.#settings, ref: { ...ref, kind: "sample" } });
    const hooks = new AttemptHooks(this.#app, context, progress);
    const results: Results = [];
    try {
      await hooks.setUp();
      progress.beginRecord(hookAtWork);
      for (const { key, parts } of groups) {
        const values = parts.flatMap((part) => valuesOf(part, part.texts));
        const { reduce, reduceStream } = this.#app;
        const result =
          reduceStream === undefined ? reduce?.(key, values, context) : reduceStream(key, values.values(), context);
        await emitResult(key, result, context);
        results.push(context.takeEmitted());
      }
      await hooks.tearDown();
      results.push(context.takeEmitted());
    } catch (error) {
      await hooks.tearDownAfterError();
      throw error;
    } finally {
      progress.beginRecord(NaN);
      context.end();
      context.sideFiles.discard();
    }
    return results;
  }
}

interface Part {
  readonly emittedKey: string;
  readonly texts: readonly string[];
}

interface Group {
  readonly key: string;
  readonly parts: Part[];
}

/** The pairs that `reduce` emitted, group by group. */
type Results = [key: string, value: JsonValue][][];

/** Folds the values of a part. */
type Fold = (combine: Combine, part: Part) => JsonValue[];

function allFolded(combine: Combine, part: Part): JsonValue[] {
  const some = someFolded(combine, part);
  return some.length < 2 ? some : folded(combine, part.emittedKey, some);
}

function someFolded(combine: Combine, { emittedKey, texts }: Part): JsonValue[] {
  const values = texts.map(storedValue);
  if (values.length < 2) return values;
  const half = Math.ceil(values.length / 2);
  const first = values.slice(0, half);
  return [...(half < 2 ? first : folded(combine, emittedKey, first)), ...values.slice(half)];
}

function folded(combine: Combine, key: string, values: JsonValue[]): JsonValue[] {
  const hasArrays = values.some((value) => Array.isArray(value));
  const results = combinedValues(key, combine(key, values), hasArrays);
  return results.map((value) => storedValue(storedText("combine", key, value)));
}

function shown(results: Results[number] = []): string {
  if (results.length === 0) return "nothing";
  const text = inspect(results.length === 1 ? results[0]?.[1] : results.map(([, value]) => value), {
    breakLength: Infinity,
    depth: 4,
    maxArrayLength: 20,
    maxStringLength: shownCharactersMax,
  });
  return text.length <= shownCharactersMax ? text : `${text.slice(0, shownCharactersMax)}…`;
}

/** A context that keeps what `reduce` emits, instead of writing it. */
class CheckContext extends AttemptContext implements ReduceContext {
  readonly kind = "reduce";
  readonly emit: ReduceContext["emit"];
  #emitted: Results[number] = [];

  constructor(settings: AttemptSettings) {
    super(settings);
    const { gate } = this;
    this.emit = (key, value) => {
      if (gate.admits("ctx.emit")) this.#emitted.push([key, storedValue(storedText("reduce", key, value))]);
    };
  }

  output(name: string): NamedOutput {
    directoryOfOutput(name);
    return { emit: this.emit };
  }

  takeEmitted(): Results[number] {
    const emitted = this.#emitted;
    this.#emitted = [];
    return emitted;
  }
}
