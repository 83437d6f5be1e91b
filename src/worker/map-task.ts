import { join } from "node:path";
import { isMapOnly, type LoadedApp } from "../app/load.js";
import type { RecordSource } from "../input/records.js";
import { intermediateName, outputName, stagedName, temporaryPrefix } from "../output/names.js";
import { outputOf, outputSuffix } from "../output/output-format.js";
import { RecordMarker } from "../output/record-marker.js";
import type { Collector, CollectorOptions } from "../shuffle/collect/collector.js";
import { createGroupingCollector } from "../shuffle/collect/grouping-collector.js";
import { createSlabCollector } from "../shuffle/collect/slab-collector.js";
import { groupingOf } from "../shuffle/grouped-key.js";
import { CombineCheck } from "./combine-check.js";
import { DirectOutput } from "./direct-output.js";
import { AttemptHooks } from "./hooks.js";
import { MapAttemptContext } from "./map-context.js";
import { inFlightOf } from "./in-flight-settings.js";
import { mapSource } from "./map-records.js";
import {
  hookAtWork,
  progressThrough,
  type AttemptResult,
  type AttemptSettings,
  type Progress,
} from "./task-context.js";

/**
 * Runs one attempt of a map task: passes each record of the source to `map` or `mapBytes`, and the emitted pairs to a
 * collector that sorts them into one file per reduce task (paper section 3.1, steps 3 and 4), or into an output file of
 * its own when there are no reduce tasks. Throws the app's errors.
 */
export async function runMapTask(
  app: LoadedApp,
  source: RecordSource,
  settings: AttemptSettings,
): Promise<AttemptResult> {
  const { ref, jobId, directory, reducers, intermediatePrefix, boundaries, output, collectorBytes } = settings;
  const prefix = join(directory, temporaryPrefix(jobId, "map", ref.task, ref.attempt));
  const suffix = outputSuffix(outputOf(output, app.layout), app.writer?.extension);
  const nameOf = (partition: number) =>
    reducers === 0
      ? stagedName(jobId, outputName(ref.task, suffix))
      : intermediatePrefix + intermediateName(ref.task, partition, ref.attempt);
  const options: CollectorOptions = {
    reducers,
    partition: app.partition,
    boundaries,
    combine: app.combine,
    temporaryPath: (partition) => `${prefix}${partition}`,
    spillPath: (run) => `${prefix}run-${run}`,
    memoryBytes: collectorBytes,
    // Time spent spilling does not count as the current record's.
    onSpill: (isSpilling) => {
      if (isSpilling) spilledAt = progress.record;
      progress.beginRecord(isSpilling ? NaN : spilledAt);
    },
    onFold: (isFolding) => progress.setFolding(isFolding),
  };
  const collector = reducers === 0 ? new DirectOutput(`${prefix}out`, app, settings) : collectorOf(app, options);
  const { combine } = app;
  const check =
    settings.checksCombine === true && combine !== undefined && reducers > 0 && !isMapOnly(app)
      ? new CombineCheck(app, combine, settings, collector)
      : undefined;
  const taker = check ?? collector;
  const splits = source.parts.map(({ split }) => split);
  const context = new MapAttemptContext(settings, splits, taker);
  let { progress } = settings;
  let spilledAt = NaN;
  let marker: RecordMarker | undefined;
  let hooks: AttemptHooks | undefined;
  try {
    if (settings.marksRecords) {
      marker = new RecordMarker(directory, jobId, ref);
      progress = marking(settings.progress, marker);
    }
    hooks = new AttemptHooks(app, context, progress);
    await hooks.setUp();
    const read = await mapSource(app, source, context, taker, progress, inFlightOf(app, settings));
    await hooks.tearDown();
    context.end();
    await check?.run();
    const files = collector.finish().map(({ path, ...file }) => ({
      ...file,
      temporaryPath: path,
      finalPath: join(directory, nameOf(file.partition)),
    }));
    return {
      files,
      recordsIn: read.records,
      recordsOut: collector.pairs,
      bytesIn: read.bytes,
      bytesOut: files.reduce((sum, { bytes }) => sum + bytes, 0),
      keys: collector.keysWritten,
      spills: collector.spilled.runs,
      spilledBytes: collector.spilled.bytes,
      counters: context.counts(),
      skipped: source.skipped,
      sideFiles: context.sideFiles.finish(),
      warnings: source.warnings,
    };
  } catch (error) {
    await hooks?.tearDownAfterError();
    context.abandon();
    context.sideFiles.discard();
    collector.discard();
    throw error;
  } finally {
    marker?.remove();
  }
}

function collectorOf(app: LoadedApp, options: CollectorOptions): Collector {
  const grouping = groupingOf(app);
  return grouping === undefined ? createSlabCollector(options) : createGroupingCollector(grouping, options);
}

/** Also writes the current record to the marker, where a hook counts as no record. */
function marking(progress: Progress, marker: RecordMarker): Progress {
  return progressThrough(progress, {
    beginRecord: (offset) => {
      progress.beginRecord(offset);
      marker.mark(offset === hookAtWork ? NaN : offset);
    },
    setFolding: (isFolding) => {
      progress.setFolding(isFolding);
      marker.mark(isFolding || progress.record === hookAtWork ? NaN : progress.record);
    },
  });
}
