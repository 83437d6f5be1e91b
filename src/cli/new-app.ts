import { existsSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../input/input-error.js";
import { makeDirectories, removeEmptyDirectories } from "../output/make-directory.js";

type Language = "javascript" | "typescript";

/** As seen from where the build puts this. */
const packageDirectory = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * Makes a new app in a directory: the files of `templates/`, and a package.json. Returns their names. Throws an InputError
 * when one of them is there already or cannot be written; then none is made.
 */
export function makeApp(directory: string, language: Language): string[] {
  const files = filesOf(directory, language);
  const there = [...files.keys()].find((name) => existsSync(join(directory, name)));
  if (there !== undefined) throw new InputError(`${join(directory, there)} is there already: choose another directory`);
  const madeDirectories: string[] = [];
  const madeFiles: string[] = [];
  try {
    for (const [name, text] of files) {
      const path = join(directory, name);
      madeDirectories.unshift(...makeDirectories(dirname(path)));
      writeFileSync(path, text, { flag: "wx" });
      madeFiles.push(path);
    }
  } catch (error) {
    for (const path of madeFiles) unlinkSync(path);
    removeEmptyDirectories(madeDirectories);
    throw new InputError(`cannot make an app in ${directory}: ${(error as Error).message}`, { cause: error });
  }
  return [...files.keys()];
}

function filesOf(directory: string, language: Language): Map<string, string> {
  const isTyped = language === "typescript";
  const name = packageName(directory);
  const app = isTyped ? "app.ts" : "app.js";
  const texts = new Map([["package.json", packageJson(name, app, isTyped)]]);
  for (const folder of [language, "shared"]) {
    const root = join(packageDirectory, "templates", folder);
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      // npm would not pack a file that has its name with the dot.
      const target = relative(root, path).replace(/^gitignore$/, ".gitignore");
      texts.set(target, readFileSync(path, "utf8").replaceAll("{{name}}", name).replaceAll("{{app}}", app));
    }
  }
  return texts;
}

function packageJson(name: string, app: string, isTyped: boolean): string {
  const own = JSON.parse(readFileSync(join(packageDirectory, "package.json"), "utf8")) as {
    version: string;
    dependencies: { tsx: string };
    devDependencies: { typescript: string; "@types/node": string };
  };
  const { typescript, "@types/node": nodeTypes } = own.devDependencies;
  const made = {
    name,
    private: true,
    type: "module",
    scripts: {
      start: `mr run ${app} data/*.txt`,
      test: isTyped ? "tsc && node --import tsx --test app.test.ts" : "node --test app.test.js",
    },
    dependencies: { "mapreduce-ts": `^${own.version}` },
    devDependencies: isTyped
      ? { "@types/node": `^${nodeTypes}`, tsx: own.dependencies.tsx, typescript: `~${typescript}` }
      : undefined,
  };
  return `${JSON.stringify(made, null, 2)}\n`;
}

/** What npm takes for a name, as near to that of the directory as it can be. */
function packageName(directory: string): string {
  const name = basename(resolve(directory))
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "")
    .slice(0, 200);
  return name === "" ? "my-app" : name;
}
