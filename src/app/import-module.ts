/** Imports user modules: apps and config files. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { readableError } from "./thrown.js";

/**
 * Imports a module by path. Node.js itself runs TypeScript where that gives the same result; otherwise tsx does, which
 * is loaded only then because loading it takes longer than a small job. `paths` and other TypeScript options come from
 * the module's own project, wherever the command runs. For the errors this throws, see `importFailure`.
 */
export async function importModule(path: string): Promise<Record<string, unknown>> {
  if (!/^\.[mc]?ts$/.test(extname(path))) return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const [{ tsconfigOf }, { importNatively, runsNatively }, { importAgainWithTsx, importWithTsx }] = await Promise.all([
    import("./tsconfig.js"),
    import("./native-typescript.js"),
    import("./tsx.js"),
  ]);
  // A user who sets tsx's own variable has chosen both a project and tsx.
  if (process.env["TSX_TSCONFIG_PATH"] !== undefined) return importWithTsx(path, undefined);
  const tsconfig = tsconfigOf(path);
  if (!(await runsNatively(path, tsconfig?.compilerOptions))) return importWithTsx(path, tsconfig?.path);
  return (await importNatively(path)) ?? importAgainWithTsx(path, tsconfig?.path);
}

/** Says in one line why the import of a module failed, and where. */
export function importFailure(path: string, thrown: unknown): string {
  const error = readableError(thrown);
  if (!(error instanceof Error)) return `it threw ${inspect(error)}`;
  if (error.name === "TsconfigError") return error.message;
  const message = `${error.name}: ${firstLines(error.message)}`;
  if (error.message.includes(`'mapreduce-ts'`)) {
    return `${firstLines(error.message)}; run "npm install mapreduce-ts" (or "npm link mapreduce-ts") beside it`;
  }
  const place = error instanceof SyntaxError ? placeOfSyntaxError(path) : placeOfThrow(error);
  return place === undefined || message.includes(path) ? message : `${message} (${place})`;
}

/** esbuild, which tsx uses, prints `Transform failed with 1 error:` and then one line per error with its place. */
function firstLines(message: string): string {
  const [first = "", second = ""] = message.split("\n");
  return first.endsWith(":") && second !== "" ? second : first;
}

/** V8 prints the place of a syntax error only when the error ends the process. */
function placeOfSyntaxError(path: string): string | undefined {
  const { stderr } = spawnSync(process.execPath, ["--input-type=module", "--check"], {
    input: readFileSync(path),
    encoding: "utf8",
  });
  const line = /^(?:file:\/\/.*|\[stdin\]):(\d+)$/m.exec(stderr)?.[1];
  return line === undefined ? undefined : `${path}:${line}`;
}

/** The topmost stack frame in user code. */
function placeOfThrow({ stack = "" }: Error): string | undefined {
  const places = stack.matchAll(/^\s+at (?:.*\()?(?:file:\/\/)?(\/.*?)(?:\?[^:]*)?:(\d+):\d+\)?$/gm);
  for (const [, file = "", line = ""] of places) if (!file.includes("/node_modules/")) return `${file}:${line}`;
  return undefined;
}
