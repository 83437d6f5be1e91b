/**
 * TypeScript that Node.js runs by itself, by removing the types (22.18 and later). That starts faster than tsx: Node keeps
 * the result in its compile cache, and neither tsx nor esbuild is loaded.
 *
 * Node knows less of TypeScript than tsx does: no enums or decorators, no `paths` of a tsconfig.json, no `./x.js` for
 * `./x.ts`, and an import that names a type only fails. So it is given only modules for which both have the same outcome.
 * `runsNatively` excludes what can be told from the text. Whatever else Node cannot run it refuses while it links, before
 * any code of the app has run, so that `importNatively` can still leave the module to tsx.
 */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import module from "node:module";
import { dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ImportType, init, parse } from "es-module-lexer";
import type { Tsconfig } from "./tsconfig.js";

/** Whether Node.js gives this module, and all that it imports, the meaning that tsx gives it. */
export async function runsNatively(path: string, options: Tsconfig["compilerOptions"] = {}): Promise<boolean> {
  if (!stripsTypes() || changesMeaning(options)) return false;
  await init;
  try {
    return isPlain(realpathSync(path), options.verbatimModuleSyntax === true, new Set());
  } catch {
    return false; // The lexer knows JavaScript only.
  }
}

/**
 * Imports a module without tsx. Returns undefined when Node.js cannot; then no code of the app has run. Rejects with what
 * the module throws.
 */
export async function importNatively(path: string): Promise<Record<string, unknown> | undefined> {
  // Node's own directory, or NODE_COMPILE_CACHE; nothing happens with NODE_DISABLE_COMPILE_CACHE or where it cannot write.
  cache.enableCompileCache?.();
  const { href } = pathToFileURL(path);
  const name = `mapreduce-ts.linked.${(attempts += 1)}`;
  // A module runs after all modules of its graph are linked, and after those that are imported before it.
  const begin = dataUrl(`globalThis[Symbol.for(${JSON.stringify(name)})] = true;`);
  try {
    await import(dataUrl(`import ${JSON.stringify(begin)}; import ${JSON.stringify(href)};`));
  } catch (error) {
    if (Reflect.has(globalThis, Symbol.for(name))) throw error;
    return undefined;
  } finally {
    Reflect.deleteProperty(globalThis, Symbol.for(name));
    // The thread may be ended before it would write the cache.
    cache.flushCompileCache?.();
  }
  return (await import(href)) as Record<string, unknown>;
}

let attempts = 0;

/** Since Node.js 22.1 and 22.10. */
const cache = module as { readonly enableCompileCache?: () => unknown; readonly flushCompileCache?: () => void };

function stripsTypes(): boolean {
  return (process.features as { readonly typescript?: unknown }).typescript === "strip";
}

function dataUrl(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

/** Options by which esbuild, and so tsx, makes something else of a module than what stands there without its types. */
function changesMeaning(options: Tsconfig["compilerOptions"]): boolean {
  const { paths, baseUrl, experimentalDecorators, useDefineForClassFields, target = "esnext" } = options;
  if (paths !== undefined || baseUrl !== undefined || experimentalDecorators === true) return true;
  return useDefineForClassFields === false || !/^(es202[2-9]|esnext)$/i.test(target);
}

/** Syntax that is more than types: enums, namespaces, decorators, parameter properties, import assignments. */
const notErasable =
  /\benum\s+[\w$]|\b(namespace|module)\s+[\w$.]+\s*\{|^\s*@\w|constructor\s*\([^)]*\b(private|protected|public|readonly|override)\b|\bimport\s+[\w$]+\s*=/m;
/** What is resolved while the app runs is resolved by Node.js, and it is too late for tsx then. */
const resolvesLater = /\brequire\b|\bimport\.meta\.resolve\b/;

/**
 * Whether a module is an ES module whose imports mean the same to both. Unless `keepsImports` (`verbatimModuleSyntax`), tsx
 * drops imports that only types are used of, which makes a difference where the imported module does more than export.
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

/** Others tsx turns into CommonJS. */
function isEsModule(path: string): boolean {
  return /^\.m[jt]s$/.test(extname(path)) || packageType(dirname(path)) === "module";
}

function packageType(directory: string): unknown {
  const file = join(directory, "package.json");
  if (existsSync(file)) return (JSON.parse(readFileSync(file, "utf8")) as { readonly type?: unknown }).type;
  return dirname(directory) === directory ? undefined : packageType(dirname(directory));
}
