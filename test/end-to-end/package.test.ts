/** The packed npm package, installed in an empty directory: its contents, its types, and its programs. */
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect } from "vitest";
import { linksOf } from "../docs/markdown.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { xzOf } from "../support/xz-file.js";
import { packInto } from "./packed.js";
import { linesOf, root, test } from "./programs.js";

const run = promisify(execFile);
const temporary = useTemporaryDirectory();

/** The directory of the installation. */
let home = "";
/** The package there. */
let installed = "";
let files: string[] = [];

beforeAll(async () => {
  home = temporary.newDirectory();
  const tarball = await packInto(home);
  fs.writeFileSync(join(home, "package.json"), `{ "private": true, "type": "module" }\n`);
  await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", tarball], { cwd: home });
  installed = join(home, "node_modules/mapreduce-ts");
  const listed = await run("tar", ["tzf", tarball]);
  files = linesOf(listed.stdout).map((name) => name.replace(/^package\//, ""));
  // The other packages of its user.
  for (const name of ["typescript", "@types"]) fs.symlinkSync(join(root, "node_modules", name), inModules(name));
  fs.symlinkSync("../typescript/bin/tsc", inModules(".bin/tsc"));
});

test("the package contains everything it should, and nothing else", () => {
  const patterns = [
    /^(package\.json|LICENSE|(README|CHANGELOG|SECURITY)\.md)$/,
    /^(data\/README|bench\/[\w-]+)\.md$/,
    /^docs\/[\w-]+\.md$/,
    // The bundled apps, for reading.
    /^apps\/(README\.md|(support\/)?[\w-]+\.ts)$/,
    // Projects to start from.
    /^examples\/(README\.md|[\w-]+\/[\w./-]+)$/,
    /^templates\/(shared|javascript|typescript)\/[\w./-]+$/,
    /^dist\/NOTICES\.txt$/,
    /^dist\/apps\/[\w-]+\.js$/,
    /^dist\/src\/index\.(js|d\.ts)$/,
    /^dist\/src\/(app|aggregate|model)\/[\w-]+\.d\.ts$/,
    /^dist\/src\/chunks\/[\w-]+\.js$/,
    /^dist\/src\/cli\/(mr|mr-coordinator|mr-worker)\.js$/,
    /^dist\/src\/(local\/worker-child|worker\/executor)\.js$/,
    /^dist\/src\/(cli|local|worker)\/package\.json$/,
    /^dist\/src\/status\/page\.html$/,
  ];
  expect(files.filter((name) => !patterns.some((pattern) => pattern.test(name)))).toEqual([]);
  expect(patterns.filter((pattern) => !files.some((name) => pattern.test(name)))).toEqual([]);
});

test("the thread that runs an app loads no schemas", () => {
  const withSchemas = files.filter((name) => {
    return name.endsWith(".js") && fs.readFileSync(join(installed, name), "utf8").includes("// node_modules/valibot/");
  });
  expect(withSchemas).toContain("dist/src/cli/mr.js");
  expect(withSchemas).not.toContain("dist/src/worker/executor.js");
});

test("the package contains no path of the machine that packed it, and no source map", () => {
  const telling = files.filter((name) => {
    const text = fs.readFileSync(join(installed, name), "utf8");
    return text.includes(root) || text.includes("sourceMappingURL=");
  });
  expect(telling).toEqual([]);
});

test("links in its pages lead into the package", () => {
  const pages = files.filter((name) => name.endsWith(".md") && !name.startsWith("templates/"));
  const broken = pages.flatMap((page) => {
    const paths = linksOf(fs.readFileSync(join(installed, page), "utf8")).map((link) => link.replace(/#.*/, ""));
    const targets = paths
      .filter((path) => path !== "" && !/^[a-z]+:/i.test(path))
      .map((path) => relative(installed, resolve(installed, dirname(page), path)));
    return targets.filter((target) => !fs.existsSync(join(installed, target)));
  });
  expect([...new Set(broken)]).toEqual([]);
});

test("its README begins with installing the package, not with a checkout", () => {
  const [first = ""] = /^```sh\n.*?^```$/ms.exec(fs.readFileSync(join(installed, "README.md"), "utf8")) ?? [];
  expect(first).toMatch(/^```sh\nnpm install mapreduce-ts\b/);
});

test("a strict TypeScript program can use its whole API, with the right types", { timeout: 240_000 }, async () => {
  fs.copyFileSync(join(root, "test/end-to-end/package-consumer.ts"), join(home, "consumer.ts"));
  const compilerOptions = {
    // Stricter than "nodenext", which lets CommonJS declarations import those of ES modules.
    module: "node16",
    target: "es2023",
    lib: ["es2023"],
    types: ["node"],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: false,
  };
  fs.writeFileSync(join(home, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
  const tsc = await run(inModules(".bin/tsc"), [], { cwd: home }).catch((error: unknown) => error);
  expect(tsc).toEqual({ stdout: "", stderr: "" });
});

test("that program uses everything the package declares", () => {
  const namesIn = (text: string, pattern: RegExp) => {
    const lists = Array.from(text.matchAll(pattern), ([, list = "", one = ""]) => [...list.split(","), one]);
    const names = lists.flat().map((name) => name.trim().replace(/^type /, ""));
    return names.filter((name) => name !== "").sort();
  };
  const consumer = fs.readFileSync(join(root, "test/end-to-end/package-consumer.ts"), "utf8");
  const declared = fs.readFileSync(join(installed, "dist/src/index.d.ts"), "utf8");
  expect(namesIn(consumer, /^import \{([^}]+)\}/gm)).toEqual(
    namesIn(declared, /^export (?:type )?\{([^}]+)\}|^export declare function (\w+)/gm),
  );
});

test("its programs run: mr --version, and a job of a bundled app", async () => {
  const { version } = JSON.parse(fs.readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  expect(await run(inModules(".bin/mr"), ["--version"])).toEqual({ stdout: `${version}\n`, stderr: "" });
  fs.writeFileSync(join(home, "in.txt"), "to be or not to be\n");
  await run(inModules(".bin/mr"), ["run", "-q", "-w", "1", "-r", "1", "wc", "in.txt"], { cwd: home });
  expect(fs.readFileSync(join(home, "mr-output/mr-out-0"), "utf8")).toBe("be 2\nnot 1\nor 1\nto 2\n");
});

test("its testApp decompresses inputs with the packed code", async () => {
  const program = `
    import { testApp } from "mapreduce-ts";
    const app = { input: "lines", map: (file, line, ctx) => ctx.emit(line, file), reduce: (_, files) => files };
    const input = (base64) => Buffer.from(base64, "base64");
    const inputs = { gz: input(process.argv[2]), xz: input(process.argv[3]) };
    console.log(JSON.stringify((await testApp(app, inputs)).outputs));`;
  fs.writeFileSync(join(home, "compressed.js"), program);
  const inputs = [gzipSync("a\n"), xzOf("a\n")].map((bytes) => bytes.toString("base64"));
  const { stdout } = await run(process.execPath, ["compressed.js", ...inputs], { cwd: home });
  expect(JSON.parse(stdout)).toEqual([{ key: "a", value: ["gz", "xz"] }]);
});

describe("mr init creates an app that depends on the package as installed, passes its test and runs", () => {
  for (const [language, app, options] of [
    ["TypeScript", "app.ts", []],
    ["JavaScript", "app.js", ["--javascript"]],
  ] as const) {
    // The compiler is slow on a busy machine.
    test(`in ${language}`, { timeout: 240_000 }, async () => {
      const cwd = temporary.newDirectory();
      const { stdout, stderr } = await run(inModules(".bin/mr"), ["init", ...options, "my-app"], { cwd });
      expect(stdout).toBe("");
      expect(stderr).toContain("cd my-app && npm install && npm test && npm start");
      const read = (name: string) => fs.readFileSync(join(cwd, "my-app", name), "utf8");
      const tarball = fs.readdirSync(home).find((name) => name.endsWith(".tgz")) ?? "";
      expect(JSON.parse(read("package.json"))).toMatchObject({
        name: "my-app",
        private: true,
        dependencies: { "mapreduce-ts": `file:${relative(join(cwd, "my-app"), join(home, tarball))}` },
      });
      expect(read("README.md")).toContain(`mr run ${app} `);
      expect(read("README.md")).not.toContain("{{");

      // What `npm install` would install is already here.
      fs.symlinkSync(join(home, "node_modules"), join(cwd, "my-app/node_modules"));
      const npm = (...args: string[]) => run("npm", args, { cwd: join(cwd, "my-app") });
      expect((await npm("test")).stdout).toMatch(/^[#ℹ] pass 2$/m);
      await npm("start");
      const counts = new Map<string, number>();
      for (const [word] of read("data/sample.txt")
        .toLowerCase()
        .matchAll(/[a-z]+/g)) {
        counts.set(word, (counts.get(word) ?? 0) + 1);
      }
      expect(linesOf(read("mr-output/mr-out-0"))).toEqual([...counts].map((pair) => pair.join(" ")).sort());
    });
  }
});

function inModules(name: string): string {
  return join(home, "node_modules", name);
}
