import { join, relative } from "node:path";

/** The output files of a job, relative to the current directory: `counts/mr-out-0 … mr-out-9`. */
export function outputsText(directory: string, outputs: readonly string[], sideFiles: readonly string[]): string {
  const [first, last] = [outputs[0] ?? "", outputs.at(-1) ?? ""];
  const beside = sideFiles.length === 0 ? "" : ` (and ${sideFiles.length} mr-side-*)`;
  return `${placeText(directory, first === last ? first : `${first} … ${last}`)}${beside}`;
}

/** A file in a directory, relative to the current directory. */
export function placeText(directory: string, name: string): string {
  const fromHere = relative("", directory);
  return join(fromHere.startsWith("..") ? directory : fromHere, name);
}
