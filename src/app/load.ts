import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { AppError } from "./app-error.js";
import type { Combine } from "./combine.js";
import type { App, InputKind, MapContext, OutputWriter } from "./contract.js";
import { isWriterExtension } from "../output/output-format.js";

/** An app whose exports were checked: functions that can be called as they stand, one of each pair of alternatives. */
export interface LoadedApp {
  readonly input: InputKind;
  readonly map: ((key: string, value: string, ctx: MapContext) => unknown) | undefined;
  readonly mapBytes: ((key: string, chunk: Uint8Array, ctx: MapContext) => unknown) | undefined;
  readonly reduce: App["reduce"];
  readonly reduceStream: App["reduceStream"];
  readonly combine: Combine | undefined;
  readonly partition: ((key: string, reducers: number) => number) | undefined;
  readonly writer: OutputWriter | undefined;
}

const functions = ["map", "mapBytes", "reduce", "reduceStream", "combine", "partition"] as const;
const inputKinds: readonly unknown[] = ["file", "text", "lines", "jsonl", "csv"] satisfies InputKind[];
const readableKinds: readonly unknown[] = ["file", "text", "lines"] satisfies InputKind[];

/** Whether the app can only run without reduce tasks. */
export function isMapOnly({ reduce, reduceStream }: Pick<LoadedApp, "reduce" | "reduceStream">): boolean {
  return reduce === undefined && reduceStream === undefined;
}

/**
 * Imports an app's module and checks what it exports. TypeScript goes through tsx, which is loaded only then: it costs
 * more than a small job.
 *
 * Throws an AppError that names the file and the export.
 */
export async function loadApp(path: string): Promise<LoadedApp> {
  const module = await importModule(path);
  const app = exportsOf(module);
  for (const name of functions) {
    const found = app[name];
    if (found !== undefined && typeof found !== "function") {
      throw new AppError(`app ${path}: export ${name} must be a function, and is ${describe(found)}`);
    }
  }
  requireOneOf(path, app, "map", "mapBytes");
  requireAtMostOneOf(path, app, "reduce", "reduceStream");
  const input = app["input"] ?? "file";
  if (!inputKinds.includes(input)) {
    throw new AppError(`app ${path}: export input must be one of ${inputKinds.join(", ")}, and is ${describe(input)}`);
  }
  if (!readableKinds.includes(input)) {
    throw new AppError(
      `app ${path}: this version cannot read ${describe(input)} yet; it can ${readableKinds.join(", ")}`,
    );
  }
  // Bound, since the default export may be an object whose functions call each other through `this`.
  const bound = Object.fromEntries(
    functions.map((name) => [name, (app[name] as (() => unknown) | undefined)?.bind(app)]),
  );
  return { ...bound, input, writer: writerOf(path, app) } as LoadedApp;
}

function requireOneOf(path: string, app: Record<string, unknown>, name: string, other: string): void {
  requireAtMostOneOf(path, app, name, other);
  if (app[name] !== undefined || app[other] !== undefined) return;
  throw new AppError(`app ${path} exports no function ${name}${hint(app, goName(name))}`);
}

/** An app without reduce is complete as long as the job has no reduce tasks: see `refusal.ts`. */
function requireAtMostOneOf(path: string, app: Record<string, unknown>, name: string, other: string): void {
  if (app[name] !== undefined && app[other] !== undefined) {
    throw new AppError(`app ${path} exports both ${name} and ${other}: leave one out`);
  }
  // Whoever has written it like this has not left it out on purpose.
  if (app[name] === undefined && app[other] === undefined && goName(name) in app) {
    throw new AppError(`app ${path} exports no function ${name}${hint(app, goName(name))}`);
  }
}

/** What the function is called in the lab's own apps, which are written in Go. */
function goName(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}

function writerOf(path: string, app: Record<string, unknown>): OutputWriter | undefined {
  const writer = app["writer"];
  if (writer === undefined) return undefined;
  if (typeof writer !== "object" || writer === null) {
    throw new AppError(
      `app ${path}: export writer must be an object with extension and record, and is ${describe(writer)}`,
    );
  }
  const { extension, header, footer, record } = writer as Record<keyof OutputWriter, unknown>;
  if (typeof extension !== "string" || !isWriterExtension(extension)) {
    throw new AppError(
      `app ${path}: writer.extension must be up to 16 lower-case letters and digits, such as "xml", and not that of ` +
        `another format, and is ${describe(extension)}`,
    );
  }
  if (typeof record !== "function") {
    throw new AppError(`app ${path}: writer.record must be a function, and is ${describe(record)}`);
  }
  for (const [name, found] of Object.entries({ header, footer })) {
    if (found === undefined || typeof found === "string" || found instanceof Uint8Array) continue;
    throw new AppError(`app ${path}: writer.${name} must be a string or a Uint8Array, and is ${describe(found)}`);
  }
  return writer as OutputWriter;
}

async function importModule(path: string): Promise<Record<string, unknown>> {
  try {
    if (/^\.[mc]?ts$/.test(extname(path))) await prepareForTypeScript();
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    throw new AppError(`cannot load app ${path}: ${reason(path, error)}`, { cause: error });
  }
}

/** For all of this thread, which runs one app. As the program `tsx` does it: stacks then name lines of the source. */
async function prepareForTypeScript(): Promise<void> {
  const [commonJs, modules] = await Promise.all([import("tsx/cjs/api"), import("tsx/esm/api")]);
  process.setSourceMapsEnabled(true);
  commonJs.register();
  modules.register();
}

/** The app may be the default export (`defineApp`, or `module.exports` of CommonJS) or the named exports. */
function exportsOf(module: Record<string, unknown>): Record<string, unknown> {
  const candidates = [module["default"], (module["default"] as { default?: unknown } | undefined)?.default];
  for (const candidate of candidates) {
    const isObject = typeof candidate === "object" && candidate !== null;
    if (isObject && functions.some((name) => name in candidate)) return candidate as Record<string, unknown>;
  }
  return module;
}

/** Says what went wrong and where, in one line. */
function reason(path: string, error: unknown): string {
  if (!(error instanceof Error)) return `it threw ${inspect(error)}`;
  const message = `${error.name}: ${firstLines(error.message)}`;
  if (error.message.includes(`'mapreduce-ts'`)) {
    return `${firstLines(error.message)}; run "npm install mapreduce-ts" (or "npm link mapreduce-ts") beside the app`;
  }
  const place = error instanceof SyntaxError ? placeOfSyntaxError(path) : placeOfThrow(error);
  return place === undefined || message.includes(path) ? message : `${message} (${place})`;
}

/** esbuild, of which tsx makes use, says `Transform failed with 1 error:` and then, a line each, what and where. */
function firstLines(message: string): string {
  const [first = "", second = ""] = message.split("\n");
  return first.endsWith(":") && second !== "" ? second : first;
}

/** V8 shows the place of a syntax error only to a process that dies of it. */
function placeOfSyntaxError(path: string): string | undefined {
  const { stderr } = spawnSync(process.execPath, ["--input-type=module", "--check"], {
    input: readFileSync(path),
    encoding: "utf8",
  });
  const line = /^(?:file:\/\/.*|\[stdin\]):(\d+)$/m.exec(stderr)?.[1];
  return line === undefined ? undefined : `${path}:${line}`;
}

/** The first place on the stack that is in code of the app. */
function placeOfThrow({ stack = "" }: Error): string | undefined {
  const places = stack.matchAll(/^\s+at (?:.*\()?(?:file:\/\/)?(\/.*?)(?:\?[^:]*)?:(\d+):\d+\)?$/gm);
  for (const [, file = "", line = ""] of places) if (!file.includes("/node_modules/")) return `${file}:${line}`;
  return undefined;
}

function hint(app: Record<string, unknown>, name: string): string {
  if (name in app) return ` (it exports ${name}: write it in lower case)`;
  const names = Object.keys(app).filter((other) => other !== "default");
  return names.length === 0 ? "" : ` (it exports: ${names.join(", ")})`;
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return value === null || value === undefined ? String(value) : `of type ${typeof value}`;
}
