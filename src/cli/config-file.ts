import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { importFailure, importModule } from "../app/import-module.js";
import { withStdoutAside } from "./stdout-aside.js";

/** A variable or a config file gives an option an invalid value, or the file cannot be read. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** A config file, with unvalidated values. */
export interface ConfigFile {
  /** As the user would name it. */
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** In the current directory. */
const usualNames = ["mr.config.json", "mr.config.js", "mr.config.mjs", "mr.config.ts"];

/** Reads the named config file, or else the one in the current directory, if there is one. */
export async function readConfigFile(named: string | undefined): Promise<ConfigFile | undefined> {
  const name = named ?? usualFile();
  if (name === undefined) return undefined;
  requireReadable(name);
  const values = extname(name) === ".json" ? parseJson(name) : await importConfig(name);
  if (typeof values === "object" && values !== null && !Array.isArray(values)) return { name, values: { ...values } };
  throw new ConfigError(`${name} must hold an object with options, such as { "reducers": 4 }`);
}

function usualFile(): string | undefined {
  const [name, ...others] = usualNames.filter((each) => existsSync(each));
  if (others.length === 0) return name;
  throw new ConfigError(`there are ${[name, ...others].join(" and ")}: keep one, or choose one with --config`);
}

function requireReadable(name: string): void {
  if (!/\.(json|[mc]?[jt]s)$/.test(name)) {
    throw new ConfigError(`cannot use ${name} as a config file: its name must end in .json, .js, .mjs or .ts`);
  }
  try {
    accessSync(name, constants.R_OK);
    if (!statSync(name).isFile()) throw new Error("it is not a regular file");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Readonly<Record<string, string>> = { ENOENT: "no such file", EACCES: "permission denied" };
    throw new ConfigError(`cannot read config file ${name}: ${reasons[code ?? ""] ?? message}`, { cause: error });
  }
}

function parseJson(name: string): unknown {
  const text = readFileSync(name, "utf8").replace(/^\uFEFF/, "");
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as SyntaxError;
    const position = /position (\d+)/.exec(message)?.[1];
    const line = position === undefined ? "" : `:${text.slice(0, Number(position)).split("\n").length}`;
    throw new ConfigError(`${name}${line} is not JSON: ${message}`, { cause: error });
  }
}

async function importConfig(name: string): Promise<unknown> {
  const path = resolve(name);
  const module = await withStdoutAside(() => importModule(path)).catch((error: unknown) => {
    throw new ConfigError(`cannot load ${name}: ${importFailure(path, error)}`, { cause: error });
  });
  // If tsx compiles a module to CommonJS, because package.json does not say "module", all exports become one.
  const { default: whole } = module as { default?: { __esModule?: boolean; default?: unknown } };
  const found = whole?.__esModule === true ? whole.default : whole;
  if (found !== undefined) return found;
  throw new ConfigError(`${name} has no default export: write export default { reducers: 4 }`);
}
