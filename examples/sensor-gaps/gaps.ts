/**
 * When sensors were silent: an app in TypeScript that gets the values of a key in order, with a test.
 *
 *     mr run gaps.ts 'data/*.jsonl'                        # gaps of more than 10 minutes
 *     mr run gaps.ts --arg minutes=60 'data/*.jsonl'
 *     node --import tsx --test gaps.test.ts                # what the app does with a few readings
 *
 * Each line of the input is a reading, `{"sensor":"attic","time":1772442000,"celsius":18.5}`, with the time in seconds.
 * Readings of a sensor are spread over files and come in no order. `sortValues` hands them to `reduce` in the order of
 * their time, whatever their number: `reduceStream` holds one reading at a time.
 */
import { defineApp } from "mapreduce-ts";

/** A reading as `map` emits it; its sensor is the key. */
type Reading = readonly [time: number, celsius: number];

const defaultMinutes = 10;

export default defineApp({
  input: "jsonl",

  /** `--arg minutes=60` sets the shortest gap to report. */
  args: ["minutes"],

  map(file, document, ctx) {
    const { sensor, time, celsius } = readingOf(document);
    ctx.emit(sensor, [time, celsius]);
  },

  sortValues: ([time]: Reading) => time,

  *reduceStream(sensor, readings: Iterable<Reading>, ctx) {
    const { minutes = defaultMinutes } = ctx.args;
    let before: Reading | undefined;
    for (const reading of readings) {
      if (before !== undefined && reading[0] - before[0] > Number(minutes) * 60) yield gapBetween(before, reading);
      before = reading;
    }
  },
});

/** Throws for anything that is not a reading, so that the job fails with its place in the file, or skips it. */
function readingOf(document: unknown): { sensor: string; time: number; celsius: number } {
  const { sensor, time, celsius } = (document ?? {}) as Record<string, unknown>;
  if (typeof sensor !== "string" || typeof time !== "number" || typeof celsius !== "number") {
    throw new TypeError("not a reading: it needs a sensor (text), a time and a temperature in celsius (numbers)");
  }
  return { sensor, time, celsius };
}

function gapBetween([from, celsiusBefore]: Reading, [to, celsius]: Reading) {
  return {
    from: new Date(from * 1000).toISOString(),
    to: new Date(to * 1000).toISOString(),
    minutes: Math.round((to - from) / 60),
    change: Number((celsius - celsiusBefore).toFixed(1)),
  };
}
