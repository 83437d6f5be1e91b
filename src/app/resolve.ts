import { createHash } from "node:crypto";
import { readdirSync, readFileSync, type Stats } from "node:fs";
import { basename, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { closestMatch } from "leven";
import { statsOf } from "../storage/file-name.js";
import { AppError } from "./app-error.js";
import type { AppModule, StepPlace } from "./load.js";

/** An app that was located: its module exists, but was not loaded yet. */
export interface AppFile extends AppModule {
  /** File name for display, with the number of the step. */
  readonly name: string;
  /**
   * SHA-256 of the module's file (for a step, with its number), in hexadecimal: apps with equal hashes are the same.
   */
  readonly hash: string;
}

const extensions = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"];
const bundledDirectory = fileURLToPath(new URL("../../apps/", import.meta.url));

/**
 * Finds an app by what the user typed: the path of a module, or else the name of a bundled app with or without
 * extension (`wc`, `wc.js`, `wc.ts`). A user's own file takes precedence. Throws an AppError when neither exists. With
 * `step`, returns only that step; the code that loads the module checks whether the step exists.
 */
export function resolveApp(typed: string, step?: number): AppFile {
  const path = ownFile(typed) ?? bundledFile(typed);
  if (path === undefined) throw new AppError(`cannot find app ${typed}: no such file${bundledHint(typed)}`);
  const file = { name: basename(path), path, hash: hashOf(path) };
  return step === undefined ? file : fileOfStep(file, { number: step, isFirst: step === 1, isLast: true });
}

/** A step of a module, with its own identity. */
export function fileOfStep({ name, path, hash }: AppFile, step: StepPlace): AppFile {
  if (step.number === undefined) return { name, path, hash, step };
  const ownHash = createHash("sha256").update(`${hash}, step ${step.number}`).digest("hex");
  return { name: `${name}, step ${step.number}`, path, hash: ownHash, step };
}

/**
 * Whether an app may export `steps`, judged by its text: loading it just to find out would double the cost of a small
 * job. The loading code rejects an app that re-exports them from elsewhere (`export *`).
 */
export function mayHaveSteps({ path }: AppFile): boolean {
  return readFileSync(path).includes("steps");
}

function ownFile(typed: string): string | undefined {
  const path = resolve(typed);
  const stats = lookAt(typed, path);
  if (stats === undefined) return undefined;
  const isModule = extensions.includes(extname(path));
  if (stats.isFile() && isModule) return path;
  // A user who means the bundled app `wc` may well have a folder or a program named `wc`.
  if (bundledFile(typed) !== undefined) return undefined;
  const what = stats.isFile() ? `it ends in none of ${extensions.join(" ")}` : "it is not a file";
  throw new AppError(`cannot use ${typed} as an app: ${what}`);
}

function lookAt(typed: string, path: string): Stats | undefined {
  try {
    return statsOf(path);
  } catch (error) {
    throw new AppError(`cannot use ${typed} as an app: ${(error as Error).message}`, { cause: error });
  }
}

/** Whether a bundled app has this name. */
export function isBundledApp(name: string): boolean {
  return bundledFile(name) !== undefined;
}

function bundledFile(typed: string): string | undefined {
  if (basename(typed) !== typed) return undefined;
  const name = extensions.includes(extname(typed)) ? basename(typed, extname(typed)) : typed;
  // The built bundled apps are JavaScript; in the source tree they are TypeScript.
  return [".js", ".ts"]
    .map((extension) => join(bundledDirectory, name + extension))
    .find((path) => statsOf(path)?.isFile() === true);
}

function bundledHint(typed: string): string {
  if (basename(typed) !== typed) return "";
  const bundled = readdirSync(bundledDirectory)
    .filter((file) => /^[\w-]+\.(js|ts)$/.test(file))
    .map((file) => basename(file, extname(file)));
  const own = readdirSync(".").filter((file) => extensions.includes(extname(file)));
  const bare = basename(typed, extname(typed));
  const meant =
    own.find((file) => basename(file, extname(file)) === typed) ??
    bundled.find((name) => name === bare) ??
    closest(typed, [...bundled, ...own]);
  const guess = meant === undefined ? "" : `; did you mean ${meant}?`;
  return `, and no bundled app of that name${guess} (there are: ${bundled.join(", ")})`;
}

/** The name that the user probably meant, if one is close. */
function closest(typed: string, names: readonly string[]): string | undefined {
  return closestMatch(typed, [...names], { maxDistance: Math.min(3, Math.floor(typed.length / 2)) });
}

function hashOf(path: string): string {
  try {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch (error) {
    throw new AppError(`cannot read app ${path}: ${(error as Error).message}`, { cause: error });
  }
}
