import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import { AppError } from "./app-error.js";
import type { App, InputKind, JsonValue } from "./contract.js";

/** An app whose exports were checked: functions that can be called as they stand, one of `reduce` and `reduceStream`. */
export interface LoadedApp {
  readonly input: InputKind;
  readonly map: (...args: Parameters<App["map"]>) => unknown;
  readonly reduce: App["reduce"];
  readonly reduceStream: App["reduceStream"];
  readonly combine: ((key: string, values: JsonValue[]) => JsonValue) | undefined;
  readonly partition: ((key: string, reducers: number) => number) | undefined;
}

const functions = ["map", "reduce", "reduceStream", "combine", "partition"] as const;
const inputKinds: readonly unknown[] = ["file", "text", "lines", "jsonl", "csv"] satisfies InputKind[];

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
  if (app["map"] === undefined) throw new AppError(`app ${path} exports no function map${hint(app, "Map")}`);
  if (app["reduce"] === undefined && app["reduceStream"] === undefined) {
    throw new AppError(`app ${path} exports no function reduce${hint(app, "Reduce")}`);
  }
  if (app["reduce"] !== undefined && app["reduceStream"] !== undefined) {
    throw new AppError(`app ${path} exports both reduce and reduceStream: leave one out`);
  }
  const input = app["input"] ?? "file";
  if (!inputKinds.includes(input)) {
    throw new AppError(`app ${path}: export input must be one of ${inputKinds.join(", ")}, and is ${describe(input)}`);
  }
  if (input !== "file") {
    throw new AppError(`app ${path}: export input is ${describe(input)}, and this version knows only "file"`);
  }
  // Bound, since the default export may be an object whose functions call each other through `this`.
  const bound = Object.fromEntries(
    functions.map((name) => [name, (app[name] as (() => unknown) | undefined)?.bind(app)]),
  );
  return { ...bound, input } as LoadedApp;
}

async function importModule(path: string): Promise<Record<string, unknown>> {
  const url = pathToFileURL(path).href;
  try {
    if (!/^\.[mc]?ts$/.test(extname(path))) return (await import(url)) as Record<string, unknown>;
    const { tsImport } = await import("tsx/esm/api");
    return (await tsImport(url, import.meta.url)) as Record<string, unknown>;
  } catch (error) {
    throw new AppError(`cannot load app ${path}: ${reason(error)}`, { cause: error });
  }
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

/** Says what went wrong and where, in one line: of a syntax error, Node puts the place at the head of the stack. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return describe(error);
  const place = /^(?:file:\/\/)?(\/.*:\d+)\n/.exec(error.stack ?? "")?.[1];
  const thrown =
    place ?? /\((?:file:\/\/)?(\/.*?:\d+):\d+\)|at (?:file:\/\/)(\/.*?:\d+):\d+/.exec(error.stack ?? "")?.[0];
  const where = thrown === undefined ? "" : ` (${thrown.replace(/^\(|^at |\)$/g, "").replace("file://", "")})`;
  return `${error.name}: ${error.message.split("\n")[0] ?? ""}${where}`;
}

function hint(app: Record<string, unknown>, name: string): string {
  return name in app ? ` (it exports ${name}: write it in lower case)` : "";
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return value === null || value === undefined ? String(value) : `of type ${typeof value}`;
}
