import type { AppIdentity } from "../model/app-identity.js";
import { argNameCharactersMax, argNamesMax } from "../model/attempt-limits.js";
import { AppError } from "./app-error.js";
import type { Combine } from "./combine.js";
import type { RecordLayout } from "../model/output-format.js";
import type {
  App,
  CsvOptions,
  HookContext,
  JsonlOptions,
  JsonValue,
  MapContext,
  OutputWriter,
  ReadRecords,
} from "./contract.js";
import { csvProblem } from "./csv-options.js";
import { importFailure, importModule } from "./import-module.js";
import { inputKinds, type RecordKind } from "../model/input-kinds.js";
import { isArgName, argOfNeed, isNeed, needsMax } from "../model/required-options.js";
import { jsonlProblem } from "./jsonl-options.js";
import { mapSideOf } from "./map-side.js";
import { namedInputsOf, type LoadedInput } from "./named-inputs.js";
import { concurrencyProblem, rateProblem } from "../model/map-limits.js";
import { nearMisses } from "./near-misses.js";
import { describe } from "./described.js";
import { aggregatorCombine } from "./plain-fold.js";
import { requireSynchronous } from "./synchronous-functions.js";
import { writerOf } from "./writer.js";

/** An app whose exports were checked: callable functions, and only one of each pair of alternatives. */
export interface LoadedApp {
  /** Undefined when the app declares several inputs. */
  readonly input: RecordKind | undefined;
  readonly csv?: CsvOptions | undefined;
  readonly jsonl?: JsonlOptions | undefined;
  readonly readRecords?: ReadRecords | undefined;
  /** The inputs that the app declares, by name, each with its own `map`. */
  readonly inputs?: Readonly<Record<string, LoadedInput>> | undefined;
  readonly map: ((key: string, value: unknown, ctx: MapContext) => unknown) | undefined;
  readonly mapBytes: ((key: string, chunk: Uint8Array, ctx: MapContext) => unknown) | undefined;
  readonly reduce: App["reduce"];
  readonly reduceStream: App["reduceStream"];
  readonly combine: Combine | undefined;
  readonly partition: ((key: string, reducers: number) => number) | undefined;
  readonly groupKey: ((key: string) => string) | undefined;
  readonly sortValues: true | ((value: JsonValue) => string | number | bigint) | undefined;
  readonly setup: Hook | undefined;
  readonly teardown: Hook | undefined;
  readonly writer: OutputWriter | undefined;
  /** The layout of the records, if the app names one instead of a writer of its own. */
  readonly layout?: RecordLayout | undefined;
  readonly needs?: readonly string[] | undefined;
  /** The names of `--arg` that the app reads; undefined when it does not declare them. */
  readonly args?: readonly string[] | undefined;
  readonly concurrency?: number | undefined;
  readonly ratePerSecond?: number | undefined;
  /** See `mapSideOf`. */
  readonly mapSide: Readonly<Record<string, string>>;
}

/** The module of an app, and the step to run. */
export interface AppModule {
  /** Absolute path. */
  readonly path: string;
  /** Absent when the app runs by itself. */
  readonly step?: StepPlace | undefined;
}

/** The place of an app in a pipeline. */
export interface StepPlace {
  /** The number of the step among the module's `steps`, from 1; absent when the module itself is the app. */
  readonly number?: number | undefined;
  /** Later steps read the pairs of the previous one. */
  readonly isFirst: boolean;
  /** Earlier steps write pairs and ignore the app's own writer. */
  readonly isLast: boolean;
}

type Hook = (ctx: HookContext) => unknown;

const functions = [
  ...["map", "mapBytes", "reduce", "reduceStream", "combine"],
  ...["partition", "groupKey", "readRecords", "setup", "teardown"],
] as const;

/** Whether the app can only run without reduce tasks. */
export function isMapOnly({ reduce, reduceStream }: Pick<LoadedApp, "reduce" | "reduceStream">): boolean {
  return reduce === undefined && reduceStream === undefined;
}

/**
 * Imports an app's module and checks its exports.
 *
 * Throws an AppError that names the file and the export.
 */
export async function loadApp({ path, step }: AppModule): Promise<LoadedApp> {
  return checkApp(path, await importApp(path), step);
}

/** Imports an app's module. Throws an AppError that names the file. */
export function importApp(path: string): Promise<Record<string, unknown>> {
  return importModule(path).catch((error: unknown) => {
    throw new AppError(`cannot load app ${path}: ${importFailure(path, error)}`, { cause: error });
  });
}

/**
 * Returns the steps that a module exports, or the single app that it is. `path` names the app in errors. Throws an
 * AppError when `steps` is not a list of objects.
 */
export function appsIn(path: string, module: Record<string, unknown>): AppsInModule {
  const app = exportsOf(module);
  const { steps } = app;
  if (steps === undefined) return { app };
  const other = functions.find((name) => app[name] !== undefined);
  if (other !== undefined) throw new AppError(`app ${path} exports both steps and ${other}: leave one out`);
  const isList = Array.isArray(steps) && steps.every((step) => typeof step === "object" && step !== null);
  if (!isList || steps.length === 0) {
    throw new AppError(`app ${path}: export steps must be an array of one app or more, each an object`);
  }
  const ofStep = ["concurrency", "ratePerSecond"].find((name) => app[name] !== undefined);
  if (ofStep !== undefined) {
    throw new AppError(`app ${path} exports both steps and ${ofStep}: move it into the step whose map it is for`);
  }
  return { steps: steps as Record<string, unknown>[], ofAll: { needs: app["needs"], args: app["args"] } };
}

/** The unchecked exports of a module. */
type AppsInModule =
  | { readonly app: Record<string, unknown>; readonly steps?: undefined; readonly ofAll?: undefined }
  | {
      readonly app?: undefined;
      readonly steps: readonly Record<string, unknown>[];
      /** The declarations beside the steps, which apply to every step. */
      readonly ofAll: Declared;
    };

/** The options that an app declares. */
interface Declared {
  readonly needs?: unknown;
  readonly args?: unknown;
}

/** Checks the exports of an app; `path` names the app in the AppError that this throws. */
export function checkApp(path: string, module: Record<string, unknown>, step?: StepPlace): LoadedApp {
  const { app, steps, ofAll } = appsIn(path, module);
  const { number } = step ?? {};
  if (app !== undefined) {
    if (number !== undefined) throw new AppError(`app ${path} exports no steps: leave out --step`);
    return checkExports(path, app, step);
  }
  if (number === undefined) {
    throw new AppError(`app ${path} exports steps: run it with mr pipeline, or a step of it with --step 1`);
  }
  const wanted = steps[number - 1];
  if (wanted === undefined)
    throw new AppError(
      `app ${path} has ${steps.length} ${steps.length === 1 ? "step" : "steps"}, but no step ${number}`,
    );
  return checkExports(`${path}, step ${number}`, wanted, step, ofAll);
}

function checkExports(
  path: string,
  app: Record<string, unknown>,
  step: StepPlace | undefined,
  ofAll: Declared = {},
): LoadedApp {
  for (const name of functions) {
    const found = app[name];
    if (name === "map" && app["inputs"] !== undefined) continue;
    if (found !== undefined && typeof found !== "function") {
      throw new AppError(`app ${path}: export ${name} must be a function, but is ${describe(found)}`);
    }
  }
  requireNoNearMiss(path, app);
  requireOneOf(path, app, "map", "mapBytes");
  requireAtMostOneOf(path, app, "reduce", "reduceStream");
  const isGivenPairs = step?.isFirst === false;
  const inputs = app["inputs"] === undefined ? undefined : namedInputsOf(path, app);
  if (inputs !== undefined && isGivenPairs) {
    throw new AppError(`app ${path}: it reads the pairs of the step before, not inputs: leave inputs out`);
  }
  const input = inputs === undefined ? recordKindOf(path, app, isGivenPairs) : undefined;
  const { sortValues = false } = app;
  if (typeof sortValues !== "boolean" && typeof sortValues !== "function") {
    throw new AppError(
      `app ${path}: export sortValues must be true, false or a function, but is ${describe(sortValues)}`,
    );
  }
  requireLimits(path, app);
  requireSynchronous(path, app);
  // A comparator would be called with one value and treat all values as equal.
  if (typeof sortValues === "function" && sortValues.length > 1) {
    throw new AppError(
      `app ${path}: export sortValues must be a function of one value, which returns its sort key, but has ` +
        `${sortValues.length} parameters, like a comparator; write value => value.time instead of (a, b) => a.time - b.time`,
    );
  }
  // Bound, because the functions of a default export may call each other through `this`.
  const bound = Object.fromEntries(
    functions
      .filter((name) => typeof app[name] === "function")
      .map((name) => [name, (app[name] as () => unknown).bind(app)]),
  );
  const sorting = typeof sortValues === "function" ? (sortValues.bind(app) as unknown) : sortValues || undefined;
  const { writer, layout } = writerOf(path, app["writer"]);
  return {
    ...bound,
    combine: aggregatorCombine(app["combine"]) ?? bound["combine"],
    csv: app["csv"],
    jsonl: app["jsonl"],
    needs: together(needsOf(path, ofAll), needsOf(path, app)),
    args: together(argsOf(path, ofAll), argsOf(path, app)),
    concurrency: app["concurrency"],
    ratePerSecond: app["ratePerSecond"],
    mapSide: mapSideOf(app),
    input,
    inputs,
    sortValues: sorting,
    writer: step?.isLast === false ? undefined : writer,
    layout: step?.isLast === false ? undefined : layout,
  } as LoadedApp;
}

/** Returns the traits of an app that the coordinator needs and cannot determine without loading the app. */
export function traitsOf(app: LoadedApp): Omit<AppIdentity, "name" | "hash"> {
  return {
    ...(app.input === undefined ? {} : { input: app.input }),
    ...(app.csv === undefined ? {} : { csv: withoutNames(app.csv) }),
    ...(app.inputs === undefined ? {} : { inputs: sentInputs(app.inputs) }),
    ...(mayCombinePartly(app) ? { combines: true } : {}),
    ...(app.partition === undefined ? {} : { ownPartition: true }),
    ...(isMapOnly(app) ? { isMapOnly: true } : {}),
    ...(app.writer === undefined ? {} : { extension: app.writer.extension }),
    ...(app.layout === undefined ? {} : { layout: sentLayout(app.layout) }),
    ...(app.needs === undefined ? {} : { needs: [...app.needs] }),
    ...(app.args === undefined ? {} : { args: [...app.args] }),
    ...(app.ratePerSecond === undefined ? {} : { ratePerSecond: app.ratePerSecond }),
    mapSide: { ...app.mapSide },
  };
}

/**
 * Whether a task that only calls `combine` may fold part of the values of a key. With a grouping, `reduce` gets the values
 * of several keys; and `setup` may prepare what `combine` uses, but it is for tasks that call `map` or `reduce`.
 */
function mayCombinePartly({ combine, groupKey, sortValues, setup, teardown }: LoadedApp): boolean {
  return combine !== undefined && [groupKey, sortValues, setup, teardown].every((other) => other === undefined);
}

function requireLimits(path: string, { concurrency, ratePerSecond }: Record<string, unknown>): void {
  const check = (name: string, value: unknown, problem: string | undefined) => {
    if (value === undefined || problem === undefined) return;
    throw new AppError(`app ${path}: export ${name} ${problem}, and is ${describe(value)}`);
  };
  check("concurrency", concurrency, concurrencyProblem(concurrency));
  check("ratePerSecond", ratePerSecond, rateProblem(ratePerSecond));
}

function sentInputs(inputs: NonNullable<LoadedApp["inputs"]>): NonNullable<AppIdentity["inputs"]> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { input, csv }]) => {
      return [name, { input, ...(csv === undefined ? {} : { csv: withoutNames(csv) }) }];
    }),
  );
}

/** The options of `csv`, but that there are names of columns instead of these: a file may have many. */
function withoutNames({ columns, ...options }: CsvOptions): NonNullable<AppIdentity["csv"]> {
  return columns === undefined ? options : { ...options, columns: [] };
}

/** A copy, because messages are mutable and the exports of an app are not. */
function sentLayout({ format, columns, values }: RecordLayout): NonNullable<AppIdentity["layout"]> {
  return { format, ...(columns && { columns: [...columns] }), ...(values && { values }) };
}

function needsOf(path: string, { needs }: Declared): readonly string[] | undefined {
  if (needs === undefined) return undefined;
  const isText = (text: unknown): text is string => typeof text === "string" && isNeed(text);
  if (Array.isArray(needs) && needs.length <= needsMax && needs.every(isText)) return needs;
  throw new AppError(
    `app ${path}: export needs must be an array of strings such as "--arg name=WHAT" or "--file name", without other ` +
      "spaces and at most 200 characters long",
  );
}

/** The names in `args` and in `needs`. */
function argsOf(path: string, app: Declared): readonly string[] | undefined {
  const { args } = app;
  if (args === undefined) return undefined;
  const isName = (name: unknown): name is string =>
    typeof name === "string" && name.length <= argNameCharactersMax && isArgName(name);
  if (!Array.isArray(args) || args.length > argNamesMax || !args.every(isName)) {
    throw new AppError(
      `app ${path}: export args must be an array of up to ${argNamesMax} names of --arg, such as ["language"], each starting with a letter and continuing ` +
        "with letters, digits, _ . or -",
    );
  }
  return [...args, ...(needsOf(path, app) ?? []).flatMap((text) => argOfNeed(text) ?? [])];
}

/** Both lists as one, without duplicates; undefined when both are. */
function together(a: readonly string[] | undefined, b: readonly string[] | undefined): readonly string[] | undefined {
  return a === undefined && b === undefined ? undefined : [...new Set([...(a ?? []), ...(b ?? [])])];
}

/** Returns the kind of records that the app reads, after checking it against the app's other exports. */
function recordKindOf(path: string, app: Record<string, unknown>, isGivenPairs: boolean): RecordKind {
  const hasReader = app["readRecords"] !== undefined;
  if (isGivenPairs && (hasReader || (app["input"] !== undefined && app["input"] !== "pairs"))) {
    const own = hasReader ? "export readRecords" : `input ${describe(app["input"])}`;
    throw new AppError(`app ${path}: it reads the pairs of the step before, not ${own}: leave it out`);
  }
  const input = inputKinds.find((kind) => kind === (app["input"] ?? (isGivenPairs ? "pairs" : "file")));
  if (input === undefined) {
    const kinds = inputKinds.join(", ");
    const several = typeof app["input"] === "object" ? "; to declare several inputs, export inputs" : "";
    throw new AppError(`app ${path}: export input must be one of ${kinds}, but is ${describe(app["input"])}${several}`);
  }
  if (hasReader && app["input"] !== undefined) {
    throw new AppError(`app ${path} exports both input and readRecords: leave one out`);
  }
  if (app["mapBytes"] !== undefined && (hasReader || input === "jsonl" || input === "csv" || input === "pairs")) {
    const what = hasReader ? "what readRecords yields is" : `the records of "${input}" are`;
    throw new AppError(`app ${path} exports mapBytes, but ${what} not bytes: export map instead`);
  }
  if (app["csv"] !== undefined) {
    const problem = input === "csv" ? csvProblem(app["csv"]) : ` applies only with input = "csv"`;
    if (problem !== undefined) throw new AppError(`app ${path}: export csv${problem.replace(/^(?=[mh])/, " ")}`);
  }
  if (app["jsonl"] !== undefined) {
    const isRead = !hasReader && (input === "jsonl" || input === "pairs");
    const problem = isRead ? jsonlProblem(app["jsonl"]) : ` applies only with input = "jsonl" or "pairs"`;
    if (problem !== undefined) throw new AppError(`app ${path}: export jsonl${problem}`);
  }
  return hasReader ? "own" : input;
}

function requireOneOf(path: string, app: Record<string, unknown>, name: string, other: string): void {
  requireAtMostOneOf(path, app, name, other);
  if (app[name] !== undefined || app[other] !== undefined) return;
  throw new AppError(`app ${path} exports no function ${name}${hint(app)}`);
}

/** An author who wrote `Map` or `combiner` did not omit `map` or `combine` on purpose. */
function requireNoNearMiss(path: string, app: Record<string, unknown>): void {
  const [miss] = nearMisses(app);
  if (miss === undefined) return;
  const { name, meant } = miss;
  const what = meant === "map" || meant === "reduce" ? `no function ${meant} (it exports ${name})` : name;
  throw new AppError(`app ${path} exports ${what}: did you mean ${meant}? Rename it, or do not export it`);
}

/** An app without `reduce` is complete if the job has no reduce tasks: see `fit.ts`. */
function requireAtMostOneOf(path: string, app: Record<string, unknown>, name: string, other: string): void {
  if (app[name] !== undefined && app[other] !== undefined) {
    throw new AppError(`app ${path} exports both ${name} and ${other}: leave one out`);
  }
}

/** The app is either the default export (`defineApp`, or `module.exports` of CommonJS) or the named exports. */
function exportsOf(module: Record<string, unknown>): Record<string, unknown> {
  const candidates = [module["default"], (module["default"] as { default?: unknown } | undefined)?.default];
  for (const candidate of candidates) {
    const isObject = typeof candidate === "object" && candidate !== null;
    if (!isObject) continue;
    const exports = candidate as Record<string, unknown>;
    const isApp = "steps" in exports || functions.some((name) => name in exports) || nearMisses(exports).length > 0;
    if (isApp) return exports;
  }
  return module;
}

function hint(app: Record<string, unknown>): string {
  const names = Object.keys(app).filter((other) => other !== "default");
  return names.length === 0 ? "" : ` (it exports: ${names.join(", ")})`;
}
