import { closeSync, existsSync, openSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../input/input-error.js";
import { makeDirectories, removeEmptyDirectories, whyNotWritable } from "../storage/directories.js";
import { dependencyOn, type Dependency } from "./own-package.js";

type Language = "javascript" | "typescript";

/** The fields of this package's package.json that a new app needs. */
interface OwnManifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: { readonly tsx: string };
  readonly devDependencies: { readonly typescript: string; readonly "@types/node": string };
}

/** Relative to the built file. */
const packageDirectory = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * Creates a new app in a directory: the files of `templates/`, and a package.json. Returns their names, and the command that
 * installs the dependencies. If a file already exists or cannot be written, throws an InputError and creates none.
 */
export function makeApp(directory: string, language: Language): { files: string[]; install: string } {
  const own = JSON.parse(readFileSync(join(packageDirectory, "package.json"), "utf8")) as OwnManifest;
  const dependency = dependencyOn({ ...own, directory: resolve(packageDirectory) }, directory);
  const files = filesOf(directory, language, own, dependency);
  const there = [...files.keys()].find((name) => existsSync(join(directory, name)));
  if (there !== undefined) throw new InputError(`${join(directory, there)} already exists: choose another directory`);
  const madeDirectories: string[] = [];
  const madeFiles: string[] = [];
  try {
    for (const [name, text] of files) {
      const path = join(directory, name);
      madeDirectories.unshift(...makeDirectories(dirname(path)));
      const descriptor = openSync(path, "wx");
      // From here on the file exists and must be removed after an error, even if its text is incomplete.
      madeFiles.push(path);
      try {
        writeFileSync(descriptor, text);
      } finally {
        closeSync(descriptor);
      }
    }
  } catch (error) {
    for (const path of madeFiles) unlinkSync(path);
    removeEmptyDirectories(madeDirectories);
    throw new InputError(`cannot make an app in ${directory}: ${whyNotWritable(error)}`, { cause: error });
  }
  return { files: [...files.keys()], install: dependency.install };
}

function filesOf(directory: string, language: Language, own: OwnManifest, dependency: Dependency): Map<string, string> {
  const isTyped = language === "typescript";
  const name = packageName(directory);
  const app = isTyped ? "app.ts" : "app.js";
  const texts = new Map([["package.json", packageJson(name, app, isTyped, own, dependency)]]);
  const values = { name, app, install: dependency.install };
  for (const folder of [language, "shared"]) {
    const root = join(packageDirectory, "templates", folder);
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      // npm does not pack a file of this name with its dot.
      const target = relative(root, path).replace(/^gitignore$/, ".gitignore");
      texts.set(target, filledIn(readFileSync(path, "utf8"), values));
    }
  }
  return texts;
}

/** Fills in the `{{names}}` of a template. */
function filledIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (mark, name: string) => values[name] ?? mark);
}

function packageJson(name: string, app: string, isTyped: boolean, own: OwnManifest, dependency: Dependency): string {
  const { typescript, "@types/node": nodeTypes } = own.devDependencies;
  const made = {
    name,
    private: true,
    type: "module",
    scripts: {
      start: `mr run ${app} data/*.txt`,
      test: isTyped ? "tsc && node --import tsx --test app.test.ts" : "node --test app.test.js",
    },
    dependencies: { [own.name]: dependency.spec },
    devDependencies: isTyped
      ? { "@types/node": `^${nodeTypes}`, tsx: own.dependencies.tsx, typescript: `~${typescript}` }
      : undefined,
  };
  return `${JSON.stringify(made, null, 2)}\n`;
}

/** A valid npm name, as close to the name of the directory as possible. */
function packageName(directory: string): string {
  const name = basename(resolve(directory))
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "")
    .slice(0, 200);
  return name === "" ? "my-app" : name;
}
