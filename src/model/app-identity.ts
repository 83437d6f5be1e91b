/** What the coordinator knows of an app, and what makes two apps the same. */
import * as v from "valibot";
import { argNameCharactersMax, argNamesMax } from "./attempt-limits.js";
import { recordKinds } from "./input-kinds.js";
import { isRatePerSecond } from "./map-limits.js";
import { areColumns, isWriterExtension, outputFormats } from "./output-format.js";
import { isNeed, needsMax } from "./required-options.js";

const recordKind = v.picklist(recordKinds);

export const argName = v.pipe(v.string(), v.maxLength(argNameCharactersMax));

export const ratePerSecond = v.pipe(
  v.number(),
  v.check((n) => isRatePerSecond(n)),
);

/** How an app's CSV files are written: what the coordinator needs to find where rows begin. */
const csvOptions = v.strictObject({
  delimiter: v.exactOptional(v.string()),
  quote: v.exactOptional(v.union([v.string(), v.literal(false)])),
  escape: v.exactOptional(v.string()),
  comment: v.exactOptional(v.string()),
  trim: v.exactOptional(v.boolean()),
  relaxQuotes: v.exactOptional(v.boolean()),
  /** Set when the app names the columns. The names themselves are not sent: there may be many. */
  columns: v.exactOptional(v.pipe(v.tuple([]), v.readonly())),
  header: v.exactOptional(v.boolean()),
});

/** The layout of output records that an app names: see `output-format.ts`. */
const recordLayout = v.strictObject({
  format: v.picklist(outputFormats),
  columns: v.optional(
    v.pipe(
      v.array(v.string()),
      v.check((names: string[]) => areColumns(names)),
    ),
  ),
  values: v.optional(v.literal(true)),
});

/** The app that a worker runs. Two apps are the same when their content is. */
export const appIdentity = v.strictObject({
  /** File name, for display. */
  name: v.string(),
  /** SHA-256 of the module's file, in hexadecimal. */
  hash: v.string(),
  /** The kind of records that its `map` reads; omitted when it declares several inputs. */
  input: v.optional(recordKind),
  /** The app's options for `"csv"`, if it has any. */
  csv: v.optional(csvOptions),
  /** The inputs that it declares, by name. */
  inputs: v.optional(v.record(v.string(), v.strictObject({ input: recordKind, csv: v.optional(csvOptions) }))),
  /** True when combine tasks may fold the values of its keys before `reduce`; omitted otherwise. */
  combines: v.optional(v.literal(true)),
  /** True when the app has its own `partition`; omitted otherwise. */
  ownPartition: v.optional(v.literal(true)),
  /** Set when the app has no reduce function and can only run in a job without reduce tasks. */
  isMapOnly: v.optional(v.literal(true)),
  /** The file extension of the app's own writer, if it has one. */
  extension: v.optional(v.pipe(v.string(), v.check(isWriterExtension))),
  /** The layout of its output records, if it names one. */
  layout: v.optional(recordLayout),
  /** The options it requires, such as `--arg pattern=REGEX`. */
  needs: v.optional(v.pipe(v.array(v.pipe(v.string(), v.check(isNeed))), v.maxLength(needsMax))),
  /** The names of `--arg` that it reads, if it declares them. */
  args: v.optional(v.pipe(v.array(argName), v.maxLength(argNamesMax + needsMax))),
  /** How many calls of its `map` may begin in a second, if it says. */
  ratePerSecond: v.optional(ratePerSecond),
  /** A hash of each export that decides what its map tasks write: see `app/map-side.ts`. */
  mapSide: v.optional(v.record(v.string(), v.string())),
});

export type AppIdentity = v.InferOutput<typeof appIdentity>;
