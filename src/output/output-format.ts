/**
 * What a job's output files are written as, and how that shows in their names: `mr-out-0` for text, which is the lab's own,
 * and an extension for all else.
 */

/** The formats that the engine writes; an app may bring another one, its `writer`. */
export const outputFormats = ["text", "tsv", "jsonl", "csv"] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** As the user has chosen. */
export interface OutputSettings {
  /** Absent when nothing was said: then it is text, or what the app's own writer makes. */
  readonly format?: OutputFormat | undefined;
  /** True when the format is only for apps that have no writer of their own. */
  readonly formatIsDefault?: true | undefined;
  readonly compress?: "gz" | undefined;
}

/** What an app's own writer may call its files: nothing that could be taken for another format or a compression. */
const extensionPattern = /^(?!(?:tsv|jsonl|csv|gz)$)[a-z][a-z0-9]{0,15}$/;

/** Whether an app's own writer may give its files this extension. */
export function isWriterExtension(extension: string): boolean {
  return extensionPattern.test(extension);
}

/** What follows the number in the names of the output files. `extension` is that of the app's own writer. */
export function outputSuffix({ format = "text", compress }: OutputSettings, extension: string | undefined): string {
  const plain = extension ?? (format === "text" ? undefined : format);
  return `${plain === undefined ? "" : `.${plain}`}${compress === undefined ? "" : `.${compress}`}`;
}
