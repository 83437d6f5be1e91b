/**
 * The formats of a job's output files, and their file names: `mr-out-0` for text, the lab's own format, and an
 * extension for each other format.
 */

/** The formats that the engine writes; an app may add one with its `writer`. */
export const outputFormats = ["text", "tsv", "jsonl", "csv"] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** As chosen by the user. */
export interface OutputSettings {
  /** Absent when the user chose none: then text, or the format of the app's own writer. */
  readonly format?: OutputFormat | undefined;
  /** True when the format applies only to apps without their own writer. */
  readonly formatIsDefault?: true | undefined;
  readonly compress?: "gz" | undefined;
}

/** The extensions that an app's own writer may use: none that looks like another format or a compression. */
const extensionPattern = /^(?!(?:tsv|jsonl|csv|gz)$)[a-z][a-z0-9]{0,15}$/;

/** Whether an app's own writer may give its files this extension. */
export function isWriterExtension(extension: string): boolean {
  return extensionPattern.test(extension);
}

/** What follows the number in output file names. `extension` belongs to the app's own writer. */
export function outputSuffix({ format = "text", compress }: OutputSettings, extension: string | undefined): string {
  const plain = extension ?? (format === "text" ? undefined : format);
  return `${plain === undefined ? "" : `.${plain}`}${compress === undefined ? "" : `.${compress}`}`;
}
