/**
 * The formats of a job's output files, and their file names: `mr-out-0` for text, the lab's own format, and an
 * extension for each other format.
 */

/** The formats that the engine writes; an app may add one with its `writer`. */
export const outputFormats = ["text", "tsv", "jsonl", "csv"] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** The format of the records, and the parts of a pair that they contain. */
export interface RecordLayout {
  readonly format: OutputFormat;
  /** For `csv` and `tsv`: the names of the columns, which are the key's and the value's, or only the value's. */
  readonly columns?: readonly string[] | undefined;
  /** True when the records contain only the values. */
  readonly values?: true | undefined;
}

/** As chosen by the user. */
export interface OutputSettings extends Omit<RecordLayout, "format"> {
  /** Absent when the user chose none: then text, or the format of the app's own writer. */
  readonly format?: OutputFormat | undefined;
  /** True when the format applies only to apps without their own writer. */
  readonly formatIsDefault?: true | undefined;
  readonly compress?: "gz" | undefined;
}

/**
 * Where the keys of a file in `text` end:
 *
 * - `first space`: no key has a space. A record without a space is a key whose value is empty.
 * - `last space`: some keys have spaces, but no value has one, and no key with a space has an empty value. A record
 *   without a space is a key whose value is empty.
 * - `line end`: some keys have spaces, and all values are empty, so each record is a key.
 * - `unclear`: no reader can tell where a key or a record ends.
 */
export const textKeyEnds = ["first space", "last space", "line end", "unclear"] as const;
export type TextKeyEnd = (typeof textKeyEnds)[number];

/** The extensions that an app's own writer may use: none that looks like another format or a compression. */
const extensionPattern = /^(?!(?:tsv|jsonl|csv|gz)$)[a-z][a-z0-9]{0,15}$/;

/** Whether an app's own writer may give its files this extension. */
export function isWriterExtension(extension: string): boolean {
  return extensionPattern.test(extension);
}

/** The longest list of column names, so that it fits in a message, in UTF-16 units with one for each name. */
const columnUnitsMax = 32 * 1024;

/** Whether the columns of an output may have these names. */
export function areColumns(names: readonly string[]): boolean {
  const units = names.reduce((sum, name) => sum + name.length + 1, 0);
  return names.length > 0 && !names.includes("") && new Set(names).size === names.length && units <= columnUnitsMax;
}

/** The settings for the output of an app: what it says itself, if anything, counts more than what the user chose. */
export function outputOf(settings: OutputSettings, ofApp: RecordLayout | undefined): OutputSettings {
  const { compress } = settings;
  return ofApp === undefined ? settings : { ...ofApp, ...(compress === undefined ? {} : { compress }) };
}

/** What follows the number in output file names. `extension` belongs to the app's own writer. */
export function outputSuffix({ format = "text", compress }: OutputSettings, extension: string | undefined): string {
  const plain = extension ?? (format === "text" ? undefined : format);
  return `${plain === undefined ? "" : `.${plain}`}${compress === undefined ? "" : `.${compress}`}`;
}
