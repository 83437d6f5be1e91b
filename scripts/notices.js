import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes the licences of the packages whose files are among `inputs`, which must accompany their code. */
export function writeNotices(inputs, path) {
  const found = inputs.map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]);
  const names = [...new Set(found.filter((name) => name !== undefined))].sort();
  writeFileSync(path, names.map((name) => notice(join("node_modules", name))).join("\n"));
}

function notice(directory) {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  const file = readdirSync(directory).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? "" : `\n${readFileSync(join(directory, file), "utf8").trim()}\n`;
  return `${name} ${version} (${license})\n${text}`;
}
