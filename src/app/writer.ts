/** Checks the export `writer`: the name of a format, the settings for one, or the app's own writer. */
import { areColumns, isWriterExtension, type RecordLayout } from "../model/output-format.js";
import { AppError } from "./app-error.js";
import type { OutputLayout, OutputWriter } from "./contract.js";
import { describe } from "./described.js";

/** The formats that an app may name. `text` cannot always be read back. */
const formats = ["jsonl", "csv", "tsv"] as const;

/** Returns what the export says, which is at most one of both. Throws an AppError that names the app by `path`. */
export function writerOf(
  path: string,
  given: unknown,
): { readonly writer?: OutputWriter; readonly layout?: RecordLayout } {
  if (given === undefined) return {};
  const refuse = (problem: string): never => {
    throw new AppError(`app ${path}: ${problem}`);
  };
  if (typeof given === "string") return { layout: layoutOf({ format: given }, refuse) };
  if (typeof given !== "object" || given === null) {
    return refuse(
      `export writer must be "jsonl", "csv" or "tsv", an object with format, or one with extension and record, but is ${describe(given)}`,
    );
  }
  if ("format" in given && !("record" in given)) return { layout: layoutOf(given, refuse) };
  return { writer: ownWriter(given, refuse) };
}

type Refuse = (problem: string) => never;

function layoutOf(given: object, refuse: Refuse): RecordLayout {
  const { format: name, columns, values, ...others } = given as Record<keyof OutputLayout, unknown>;
  const format =
    formats.find((known) => known === name) ??
    refuse(`writer names the format ${describe(name)}, but must name jsonl, csv or tsv`);
  const [other] = Object.keys(others);
  if (other !== undefined)
    return refuse(`writer has no setting ${JSON.stringify(other)}; it has format, columns, values`);
  if (values !== undefined && typeof values !== "boolean") {
    return refuse(`writer.values must be true or false, but is ${describe(values)}`);
  }
  const only = values === true ? { values } : {};
  if (columns === undefined) {
    if (format !== "jsonl" && values === true) {
      return refuse(`writer.columns is needed for the values alone in ${format}: name the parts of the value`);
    }
    return { format, ...only };
  }
  if (format === "jsonl") return refuse("writer.columns is for csv and tsv; in jsonl, a value has its own names");
  const isList = Array.isArray(columns) && columns.every((column) => typeof column === "string");
  if (!isList || !areColumns(columns)) {
    return refuse(
      "writer.columns must be an array of different strings, none of them empty, of 32,000 letters at most",
    );
  }
  if (values !== true && columns.length < 2) {
    return refuse(
      "writer.columns must name the key and at least one part of the value; for the value alone, add values: true",
    );
  }
  return { format, columns, ...only };
}

function ownWriter(given: object, refuse: Refuse): OutputWriter {
  const { extension, header, footer, record } = given as Record<keyof OutputWriter, unknown>;
  if (typeof extension !== "string" || !isWriterExtension(extension)) {
    return refuse(
      'writer.extension must be up to 16 lower-case letters and digits, such as "xml", and not the extension of ' +
        `another format, but is ${describe(extension)}`,
    );
  }
  if (typeof record !== "function") return refuse(`writer.record must be a function, but is ${describe(record)}`);
  for (const [name, found] of Object.entries({ header, footer })) {
    if (found === undefined || typeof found === "string" || found instanceof Uint8Array) continue;
    return refuse(`writer.${name} must be a string or a Uint8Array, but is ${describe(found)}`);
  }
  return given as OutputWriter;
}
