import { join } from "node:path";
import type { JsonValue, NamedOutput, ReduceContext, ReduceResult } from "../app/contract.js";
import { isAsyncIterator, isIterator, isThenable } from "../app/json-value.js";
import type { LoadedApp } from "../app/load.js";
import { outputName, stagedName, temporaryPrefix } from "../output/names.js";
import { outputOf, outputSuffix } from "../model/output-format.js";
import { RecordWriter } from "../output/record-writer.js";
import type { Group } from "../shuffle/merge/groups.js";
import { mergeGroups } from "../shuffle/merge/merge.js";
import { groupingOf } from "../shuffle/grouped-key.js";
import type { StoredFile } from "../shuffle/stored-file.js";
import { noteKey } from "./at-work.js";
import { AttemptHooks } from "./hooks.js";
import { NamedOutputs } from "./named-outputs.js";
import { AttemptContext, type AttemptResult, type AttemptSettings } from "./task-context.js";

/** The values of a key with this many may take all memory, and then the message names the key. */
const manyValues = 10_000;

/**
 * Runs one attempt of a reduce task: merges the sorted files that the maps wrote for it, and passes each key with its
 * values to `reduce`, whose results become the records of one output file (paper section 3.1, steps 5 and 6). Throws
 * the app's errors, and DamagedInputError.
 */
export async function runReduceTask(
  app: LoadedApp,
  inputs: readonly StoredFile[],
  settings: AttemptSettings,
): Promise<AttemptResult> {
  const { ref, jobId, directory, output } = settings;
  const temporaryPath = join(directory, temporaryPrefix(jobId, "reduce", ref.task, ref.attempt) + "out");
  const records = RecordWriter.create(temporaryPath, output, app, "reduce");
  const context = new ReduceAttemptContext(settings, records, app);
  const { progress } = settings;
  const hooks = new AttemptHooks(app, context, progress);
  let keys = 0;
  /** The key at work; undefined between two keys, where the engine reads its files. */
  let key: string | undefined;
  /** How many pairs had been read before the key began. */
  let pairsBefore = 0;
  try {
    await hooks.setUp();
    const isGrouped = groupingOf(app) !== undefined;
    const groups = mergeGroups(inputs, {
      isGrouped,
      // `combine` folds the values of one key, but the values of a group belong to several.
      combine: isGrouped ? undefined : app.combine,
      onPairs: (pairs) => {
        progress.set(pairs, 0);
        if (key !== undefined && pairs - pairsBefore >= manyValues) progress.noteKey?.(key);
      },
      onValue: () => progress.takeValue(),
    });
    for (const group of groups) {
      keys += 1;
      key = group.key;
      pairsBefore = groups.pairs;
      progress.beginRecord(pairsBefore);
      const pending = emitResult(key, reduceGroup(app, group, context), context);
      if (pending !== undefined) await pending;
      key = undefined;
      progress.set(groups.pairs, 0);
    }
    progress.beginRecord(NaN);
    await hooks.tearDown();
    context.end();
    const { path, bytes, ...facts } = records.finish();
    const namedOutputs = context.outputs.finish();
    const name = outputName(ref.task, outputSuffix(outputOf(output, app.layout), app.writer?.extension));
    const finalPath = join(directory, stagedName(jobId, name));
    return {
      files: [{ temporaryPath: path, finalPath, partition: ref.task, bytes, ...facts }],
      recordsIn: groups.pairs,
      recordsOut: records.count + context.outputs.count,
      bytesIn: inputs.reduce((sum, input) => sum + input.bytes, 0),
      bytesOut: namedOutputs.reduce((sum, { fact }) => sum + fact[2], bytes),
      keys,
      spills: 0,
      spilledBytes: 0,
      counters: context.counts(),
      skipped: [],
      sideFiles: context.sideFiles.finish(),
      namedOutputs,
      warnings: [],
    };
  } catch (error) {
    if (key !== undefined) noteKey(error, key);
    await hooks.tearDownAfterError();
    context.abandon();
    context.sideFiles.discard();
    context.outputs.discard();
    records.discard();
    throw error;
  }
}

function reduceGroup(app: LoadedApp, group: Group, context: ReduceContext): ReduceResult {
  if (app.reduceStream !== undefined) return app.reduceStream(group.key, group.values(), context);
  return app.reduce?.(group.key, group.toArray(), context);
}

/**
 * Emits what `reduce` returned: a value, or everything an iterator yields. The promise, if any, resolves when that is
 * done.
 */
export function emitResult(key: string, result: unknown, context: ReduceContext): Promise<void> | undefined {
  if (typeof result === "object") {
    if (isThenable(result)) return emitResolved(key, result, context);
    if (isAsyncIterator(result)) return emitYielded(key, result, context);
    if (isIterator(result)) {
      for (const value of result) context.emit(key, value as JsonValue);
      return undefined;
    }
  }
  if (result !== undefined) context.emit(key, result as JsonValue);
  return undefined;
}

async function emitResolved(key: string, result: PromiseLike<unknown>, context: ReduceContext): Promise<void> {
  await emitResult(key, await result, context);
}

async function emitYielded(key: string, values: AsyncIterable<unknown>, context: ReduceContext): Promise<void> {
  for await (const value of values) context.emit(key, value as JsonValue);
}

class ReduceAttemptContext extends AttemptContext implements ReduceContext {
  readonly kind = "reduce";
  readonly emit: (key: string, value: JsonValue) => void;
  readonly outputs: NamedOutputs;

  constructor(settings: AttemptSettings, records: RecordWriter, app: LoadedApp) {
    super(settings);
    const { gate } = this;
    const { phase } = gate;
    this.outputs = new NamedOutputs(settings, app, () => phase.isOpen || gate.admits("emit of an output"));
    this.emit = (key, value) => {
      if (!phase.isOpen && !gate.admits("ctx.emit")) return;
      records.append(key, value);
      settings.onOutput?.(key, value);
    };
  }

  output(name: string): NamedOutput {
    return this.outputs.get(name);
  }
}
