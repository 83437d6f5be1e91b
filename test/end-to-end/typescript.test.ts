/**
 * Apps in TypeScript. Newer versions of Node.js run some apps without tsx, so each test must have the same
 * outcome on every version.
 */
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { expectRefusal, test, type Place } from "./programs.js";

const esModules = `{ "type": "module" }`;

/** An app that writes each line of its input with `label`, which it imports. */
function labelled(importing: string, label = "label"): string {
  return `${importing}
export const input = "lines";
export function map(_file: string, line: string): { key: string; value: number }[] {
  return [{ key: line, value: 1 }];
}
export const reduce = (_key: string, counts: readonly number[]): string => \`\${${label}} \${counts.length}\`;
`;
}

const withPaths = labelled(`import { label } from "@own/label";`);
const ownPaths = `{ "compilerOptions": { "paths": { "@own/*": ["./lib/*"] } } }`;

/** The same job by each program that loads an app. */
const ways: readonly (readonly [string, (place: Place, app: string, cwd: string) => Promise<string>])[] = [
  ["mr run", (place, app, cwd) => runJob(place, "run", app, cwd)],
  ["mr sequential", (place, app, cwd) => runJob(place, "sequential", app, cwd)],
  [
    "mr-worker",
    async (place, app, cwd) => {
      const out = join(place.directory, "out");
      const inputs = ["-q", "-r", "1", "-o", out, join(place.directory, "in.txt")];
      const coordinator = place.start("mr-coordinator", inputs);
      const worker = place.start("mr-worker", ["-q", app], { cwd: join(place.directory, cwd) });
      const ended = [await coordinator.exit(), await worker.exit()];
      expect(ended.map(({ code, stderr }) => ({ code, stderr }))).toEqual(ended.map(() => ({ code: 0, stderr: "" })));
      return place.read("out/mr-out-0");
    },
  ],
];

/** Runs a job in a directory of the place. Standard error must stay empty, without even a warning of Node.js. */
async function runJob(place: Place, command: string, app: string, cwd = "."): Promise<string> {
  const args = [command, "-q", "-r", "1", "-o", join(place.directory, "out"), app, join(place.directory, "in.txt")];
  const { code, stderr } = await place.run("mr", args, { cwd: join(place.directory, cwd) });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return place.read("out/mr-out-0");
}

describe.each(ways)("%s", (_, outputOf) => {
  test("resolves the paths of the app's own project, in whatever directory it runs", async ({ place }) => {
    place.write("in.txt", "a\n");
    place.write("project/tsconfig.json", `{ "extends": "./base.json" } // what it extends has the paths`);
    place.write("project/base.json", ownPaths);
    place.write("project/package.json", esModules);
    place.write("project/lib/label.ts", `export const label: string = "own";\n`);
    place.write("project/src/app.ts", withPaths);
    // A project unrelated to the app, which maps to other files.
    place.write("elsewhere/tsconfig.json", ownPaths);
    place.write("elsewhere/lib/label.ts", `export const label: string = "another";\n`);
    for (const cwd of ["elsewhere", "project", "project/src", "."]) {
      expect(await outputOf(place, join(place.directory, "project/src/app.ts"), cwd), cwd).toBe("a own 1\n");
    }
  });

  test("does not read a tsconfig.json that is not the app's", async ({ place }) => {
    place.write("in.txt", "a\n");
    place.write("elsewhere/tsconfig.json", "not JSON {{{");
    place.write("app.ts", labelled(`const label: string = "x";`));
    expect(await outputOf(place, "../app.ts", "elsewhere")).toBe("a x 1\n");
  });
});

test("the project of an app that is given by a symbolic link is that of its file", async ({ place }) => {
  place.write("in.txt", "a\n");
  place.write("project/tsconfig.json", ownPaths);
  place.write("project/lib/label.ts", `export const label = "own";\n`);
  place.write("project/app.ts", withPaths);
  mkdirSync(join(place.directory, "links"));
  symlinkSync("../project/app.ts", join(place.directory, "links/app.ts"));
  symlinkSync("project", join(place.directory, "linked-project"));
  expect(await runJob(place, "run", "app.ts", "links")).toBe("a own 1\n");
  expect(await runJob(place, "run", "linked-project/app.ts")).toBe("a own 1\n");
});

test("a config file and an app of different projects each use their own paths", async ({ place }) => {
  place.write("in.txt", "a\n");
  place.write("config/tsconfig.json", ownPaths);
  place.write("config/lib/label.ts", `export const label = "3";\n`);
  place.write(
    "config/mr.config.ts",
    `import { label } from "@own/label";\nexport default { reducers: Number(label) };\n`,
  );
  place.write("project/tsconfig.json", ownPaths);
  place.write("project/lib/label.ts", `export const label = "own";\n`);
  place.write("project/app.ts", withPaths);
  await place.succeed("mr", ["sequential", "-q", "--config", "config/mr.config.ts", "project/app.ts", "in.txt"]);
  expect(place.files("mr-output").filter((name) => name.includes("mr-out-"))).toHaveLength(3);
  expect(["0", "1", "2"].map((n) => place.read(`mr-output/mr-out-${n}`)).join("")).toBe("a own 1\n");
});

test("a tsconfig.json of the app's own that cannot be read is named", async ({ place }) => {
  place.write("in.txt", "a\n");
  place.write("app.ts", withPaths);
  place.write("tsconfig.json", `{ "extends": "./nothing.json" }`);
  for (const command of ["run", "sequential"]) {
    const ended = await place.run("mr", [command, "app.ts", "in.txt"]);
    expectRefusal(ended, "app.ts", "tsconfig.json", "nothing.json");
  }
  expect(place.files()).toEqual(["app.ts", "in.txt", "tsconfig.json"]);
});

/** The possible contents of an app, grouped by whether Node.js can run it by itself. */
const programs: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  [
    "types alone",
    { "app.ts": labelled(`interface Label { text: string }\nconst label = ({ text: "x" } as Label).text;`) },
  ],
  ["an enum", { "app.ts": labelled(`enum Label { X = "x" }`, "Label.X") }],
  ["a namespace", { "app.ts": labelled(`namespace label { export const x = "x"; }`, "label.x") }],
  [
    "a parameter property",
    { "app.ts": labelled(`class Label { constructor(readonly text: string) {} }`, `new Label("x").text`) },
  ],
  ["a type assertion in angle brackets", { "app.ts": labelled(`const label = <string>"x";`) }],
  [
    "a type imported as if it was a value",
    {
      "app.ts": labelled(`import { App } from "./lib.ts";\nconst app: App = { label: "x" };`, "app.label"),
      "lib.ts": `export interface App { label: string }\n`,
    },
  ],
  [
    "such an import where the compiler keeps imports",
    {
      "app.ts": labelled(`import { type App } from "./lib.ts";\nconst app: App = { label: "x" };`, "app.label"),
      "lib.ts": `export interface App { label: string }\n`,
      "tsconfig.json": `{ "compilerOptions": { "verbatimModuleSyntax": true } }`,
    },
  ],
  [
    "modules of TypeScript and JavaScript",
    {
      "app.ts": labelled(`import { label } from "./lib.ts";`),
      "lib.ts": `export { label } from "./deep/lib.js";\n`,
      "deep/lib.js": `export const label = "x";\n`,
      "tsconfig.json": `{ "compilerOptions": { "verbatimModuleSyntax": true } }`,
    },
  ],
  [
    "a module of TypeScript by the name that it has when it is compiled",
    {
      "app.ts": labelled(`import { label } from "./lib.js";`),
      "lib.ts": `export const label: string = "x";\n`,
      "tsconfig.json": `{ "compilerOptions": { "verbatimModuleSyntax": true } }`,
    },
  ],
  [
    "an enum of another module",
    {
      "app.ts": labelled(`import { Label } from "./lib.ts";`, "Label.X"),
      "lib.ts": `export enum Label { X = "x" }\n`,
      "tsconfig.json": `{ "compilerOptions": { "verbatimModuleSyntax": true } }`,
    },
  ],
  [
    "fields that are assigned, and not defined",
    {
      "app.ts": labelled(
        `class Base { #text = ""; get text() { return this.#text; } set text(text: string) { this.#text = text + "!"; } }
class Label extends Base { override text = "x"; }`,
        `new Label().text.replace("!", "").slice(0, 1)`,
      ),
      "tsconfig.json": `{ "compilerOptions": { "target": "es2021" } }`,
    },
  ],
  [
    "CommonJS",
    {
      "app.cts":
        labelled(`const { sep } = require("node:path");`, `sep.replace("/", "x")`).replaceAll("export ", "") +
        "module.exports = { input, map, reduce };\n",
    },
  ],
];

describe.each(["module", "commonjs"])("in a package of type %s", (type) => {
  test.for(programs)("an app may have %s", async ([, files], { place }) => {
    place.write("in.txt", "a\n");
    place.write("package.json", JSON.stringify({ type }));
    for (const [name, text] of Object.entries(files)) place.write(name, text);
    const app = Object.keys(files)[0] ?? "";
    expect(await runJob(place, "sequential", app)).toBe("a x 1\n");
  });
});

test("the module of an app runs once, whether Node.js or tsx runs it, and also when it throws", async ({ place }) => {
  place.write("in.txt", "a\n");
  place.write("package.json", esModules);
  const counting = `import { appendFileSync } from "node:fs";\nappendFileSync("runs", "x");\n`;
  for (const rest of [
    `const label: string = "x";`,
    `enum Label { X }\nconst label = "x";`,
    `const label = <string>"x";`,
  ]) {
    place.write("runs", "");
    place.write("app.ts", labelled(counting + rest));
    await runJob(place, "sequential", "app.ts");
    expect(place.read("runs")).toBe("x");
    place.write("runs", "");
    place.write("app.ts", `${counting}${rest}\nconst never: number = (() => { throw new Error("boom"); })();\n`);
    const line = `${counting}${rest}`.split("\n").length + 1;
    expectRefusal(await place.run("mr", ["sequential", "app.ts", "in.txt"]), "boom", `app.ts:${line}`);
    expect(place.read("runs")).toBe("x");
  }
});

test("an error of an app names its line in the source", async ({ place }) => {
  place.write("in.txt", "a\n");
  place.write("package.json", esModules);
  for (const first of [`interface Line {\n  text: string;\n}`, `enum Line {\n  X,\n}\n`, `const x =\n <string>\n"";`]) {
    const text = `${first}\nexport const input = "lines";\nexport const reduce = (): string => "";\nexport function map(): never {\n  throw new Error("boom");\n}\n`;
    place.write("app.ts", text);
    const line = text.slice(0, text.indexOf("throw")).split("\n").length;
    const { code, stderr } = await place.run("mr", ["run", "--max-attempts", "1", "app.ts", "in.txt"]);
    expect(code).toBe(1);
    expect(stderr).toContain(`app.ts:${line}`);
  }
});
