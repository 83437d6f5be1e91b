import { join } from "node:path";
import type { JsonValue } from "../app/contract.js";
import { isMapOnly, type LoadedApp } from "../app/load.js";
import type { RecordSource } from "../input/records.js";
import { intermediateName, outputName, stagedName, temporaryPrefix } from "../output/names.js";
import { outputOf, outputSuffix } from "../model/output-format.js";
import { RecordMarker } from "../output/record-marker.js";
import type { Collector, CollectorOptions } from "../shuffle/collect/collector.js";
import { createGroupingCollector } from "../shuffle/collect/grouping-collector.js";
import { createSlabCollector } from "../shuffle/collect/slab-collector.js";
import { createPartitioner } from "../shuffle/collect/partitioner.js";
import { groupedKey, groupingOf, groupOf } from "../shuffle/grouped-key.js";
import { CombineCheck } from "./combine-check.js";
import { DirectOutput } from "./direct-output.js";
import { HeldPairs } from "./held-pairs.js";
import { AttemptHooks } from "./hooks.js";
import { MapAttemptContext } from "./map-context.js";
import { inFlightOf } from "./in-flight-settings.js";
import { mapSource } from "./map-records.js";
import { RecordHold } from "./record-hold.js";
import { SkippedRecords } from "./skipped-records.js";
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
  const direct = reducers === 0 ? new DirectOutput(`${prefix}out`, app, settings) : undefined;
  const collector = direct ?? collectorOf(app, options);
  const { combine } = app;
  const check =
    settings.checksCombine === true && combine !== undefined && reducers > 0 && !isMapOnly(app)
      ? new CombineCheck(app, combine, settings, collector)
      : undefined;
  const taker = check ?? collector;
  const splits = source.parts.map(({ split }) => split);
  const skipping =
    settings.skipsMax === undefined
      ? undefined
      : {
          skipped: new SkippedRecords(settings.skipsMax),
          hold: new RecordHold(taker, direct?.hold() ?? new HeldPairs(taker, checkOfPairs(app, reducers))),
        };
  const context = new MapAttemptContext(settings, splits, skipping?.hold.ofAttempt ?? taker);
  skipping?.hold.serve(context);
  let { progress } = settings;
  let spilledAt = NaN;
  let marker: RecordMarker | undefined;
  let hooks: AttemptHooks | undefined;
  try {
    if (settings.marksRecords) {
      marker = new RecordMarker(directory, jobId, ref);
      progress = marking(settings.progress, marker);
    }
    settings.progress.keepsPairs?.(() => collector.memoryBytes);
    hooks = new AttemptHooks(app, context, progress);
    await hooks.setUp();
    const how = { inFlight: inFlightOf(app, settings), skipping };
    const read = await mapSource(app, source, context, taker, progress, how);
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
      newlySkipped: skipping?.skipped.report,
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

/** Throws the errors of the app's functions that a collector calls for each pair; undefined when there are none. */
function checkOfPairs(app: LoadedApp, reducers: number): ((key: string, value: JsonValue) => void) | undefined {
  const grouping = groupingOf(app);
  const { partition } = app;
  const partitionOf = partition && createPartitioner(reducers, partition);
  if (grouping !== undefined) {
    return (key, value) => {
      const grouped = groupedKey(grouping, key, value);
      partitionOf?.(groupOf(grouped));
    };
  }
  return partitionOf && ((key) => void partitionOf(key));
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
