import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { expect, expectTypeOf, it } from "vitest";
import { optionKinds } from "../../src/app/define-config.js";
import { hasOptionalValue } from "../../src/cli/attached-values.js";
import { defineConfig, type Config } from "../../src/index.js";

it("a config may contain exactly the options of all commands, with the same values as on the command line", async () => {
  const kinds = new Map<string, string>();
  for (const option of (await allCommands()).flatMap((command) => command.options)) {
    kinds.set(option.attributeName(), kindOf(option));
  }
  expect(optionKinds).toEqual(Object.fromEntries(kinds));
});

it("the type of a config is that of the kinds", () => {
  expectTypeOf<Config["reducers"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Config["taskTimeout"]>().toEqualTypeOf<string | number | undefined>();
  expectTypeOf<Config["backupTasks"]>().toEqualTypeOf<boolean | undefined>();
  expectTypeOf<Config["cpuProf"]>().toEqualTypeOf<string | boolean | undefined>();
  expectTypeOf<Config["arg"]>().toEqualTypeOf<Readonly<Record<string, string | number | boolean>> | undefined>();
  // @ts-expect-error There is no such option.
  defineConfig({ reducer: 4 });
  // @ts-expect-error It is neither true nor false.
  defineConfig({ quiet: "yes" });
  expect(defineConfig({ reducers: 4, taskTimeout: "20s" })).toEqual({ reducers: 4, taskTimeout: "20s" });
});

/** Read from the source files, so that no command can be forgotten. */
async function allCommands(): Promise<CommandUnknownOpts[]> {
  const folder = new URL("../../src/cli/", import.meta.url);
  const files = readdirSync(fileURLToPath(folder)).filter((file) => file.endsWith("-command.ts"));
  const modules = await Promise.all(
    files.map((file) => import(new URL(file, folder).href) as Promise<Record<string, (name: string) => unknown>>),
  );
  const commands = modules.flatMap((module) => Object.values(module).map((make) => make("name")));
  return commands as CommandUnknownOpts[];
}

function kindOf(option: Option): string {
  if (option.isBoolean() || option.negate) return "flag";
  if (hasOptionalValue(option)) return "optional";
  const value = /<(.*)>/.exec(option.flags)?.[1] ?? "";
  const kinds: Record<string, string> = { n: "number", duration: "measure", size: "measure", "on|off": "switch" };
  if (value === "path[#name]" || value === "name=file" || value.endsWith("...")) return "list";
  return value.includes("=") ? "pairs" : (kinds[value] ?? "text");
}
