/**
 * TypeScript that Node.js runs by itself, by stripping the types (22.18 and later). That starts faster than tsx: Node
 * keeps the result in its compile cache, and neither tsx nor esbuild is loaded.
 *
 * Node supports less of TypeScript than tsx: no enums or decorators, no `paths` of a tsconfig.json, no `./x.js` for
 * `./x.ts`, and an import that only names a type fails. So Node gets only modules that behave the same in both.
 * `runsNatively` rules out what the text reveals. Node rejects anything else it cannot run while linking, before any
 * code of the app runs, so `importNatively` can still fall back to tsx.
 */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import module from "node:module";
import { dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ImportType, init, parse } from "es-module-lexer";
import type { Tsconfig } from "./tsconfig.js";

/** Whether this module and all its imports mean the same to Node.js as to tsx. */
export async function runsNatively(path: string, options: Tsconfig["compilerOptions"] = {}): Promise<boolean> {
  if (!stripsTypes() || changesMeaning(options)) return false;
  await init;
  try {
    return isPlain(realpathSync(path), options.verbatimModuleSyntax === true, new Set());
  } catch {
    return false; // The lexer supports only JavaScript.
  }
}

/**
 * Imports a module without tsx. Returns undefined if Node.js cannot; no code of the app has run then. Rejects with what
 * the module throws.
 */
export async function importNatively(path: string): Promise<Record<string, unknown> | undefined> {
  // Uses Node's own directory, or NODE_COMPILE_CACHE. Does nothing with NODE_DISABLE_COMPILE_CACHE or an unwritable
  // directory.
  cache.enableCompileCache?.();
  const { href } = pathToFileURL(path);
  const name = `mapreduce-ts.linked.${(attempts += 1)}`;
  // A module runs after its whole graph is linked, and after the modules imported before it.
  const begin = dataUrl(`globalThis[Symbol.for(${JSON.stringify(name)})] = true;`);
  try {
    await import(dataUrl(`import ${JSON.stringify(begin)}; import ${JSON.stringify(href)};`));
  } catch (error) {
    if (Reflect.has(globalThis, Symbol.for(name))) throw error;
    return undefined;
  } finally {
    Reflect.deleteProperty(globalThis, Symbol.for(name));
    // The thread may end before Node would write the cache.
    cache.flushCompileCache?.();
  }
  return (await import(href)) as Record<string, unknown>;
}

let attempts = 0;

/** Available since Node.js 22.1 and 22.10, respectively. */
const cache = module as { readonly enableCompileCache?: () => unknown; readonly flushCompileCache?: () => void };

function stripsTypes(): boolean {
  return (process.features as { readonly typescript?: unknown }).typescript === "strip";
}

function dataUrl(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

/** Options that make esbuild, and so tsx, do more than strip the types. */
function changesMeaning(options: Tsconfig["compilerOptions"]): boolean {
  const { paths, baseUrl, experimentalDecorators, useDefineForClassFields, target = "esnext" } = options;
  if (paths !== undefined || baseUrl !== undefined || experimentalDecorators === true) return true;
  return useDefineForClassFields === false || !/^(es202[2-9]|esnext)$/i.test(target);
}

/** Syntax that is more than types: enums, namespaces, decorators, parameter properties, import assignments. */
const notErasable =
  /\benum\s+[\w$]|\b(namespace|module)\s+[\w$.]+\s*\{|^\s*@\w|constructor\s*\([^)]*\b(private|protected|public|readonly|override)\b|\bimport\s+[\w$]+\s*=/m;
/** Node.js resolves these while the app runs, when it is too late to fall back to tsx. */
const resolvesLater = /\brequire\b|\bimport\.meta\.resolve\b/;

/**
 * Whether a module is an ES module whose imports mean the same to both. Unless `keepsImports` (`verbatimModuleSyntax`),
 * tsx drops imports that are only used as types, which matters if the imported module has side effects.
 */
function isPlain(path: string, keepsImports: boolean, seen: Set<string>): boolean {
  if (seen.has(path)) return true;
  seen.add(path);
  const text = readFileSync(path, "utf8");
  if (notErasable.test(text) || resolvesLater.test(text) || !isEsModule(path)) return false;
  const [imports] = parse(text);
  return imports.every(({ t, n, ss, s }) => {
    if (t === ImportType.ImportMeta) return true;
    if (t !== ImportType.Static || n === undefined) return false;
    if (/^(import|export)\s+type\s(?!\s*from\b)/.test(text.slice(ss, s))) return true;
    if (n === "mapreduce-ts" || n.startsWith("node:")) return true;
    if (!keepsImports) return false;
    if (!/^\.{1,2}\//.test(n)) return !/^[#/]|:/.test(n);
    const target = resolve(dirname(path), n);
    return modules.test(target) && existsSync(target) && isPlain(target, keepsImports, seen);
  });
}

const modules = /\.m?[jt]s$/;

/** tsx compiles all others to CommonJS. */
function isEsModule(path: string): boolean {
  return /^\.m[jt]s$/.test(extname(path)) || packageType(dirname(path)) === "module";
}

function packageType(directory: string): unknown {
  const file = join(directory, "package.json");
  if (existsSync(file)) return (JSON.parse(readFileSync(file, "utf8")) as { readonly type?: unknown }).type;
  return dirname(directory) === directory ? undefined : packageType(dirname(directory));
}
