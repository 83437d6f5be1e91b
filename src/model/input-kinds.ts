/** The kinds of input: how records lie in a file, its compression and encoding, and how an app reads its inputs. */

/** The values of an app's `input`; `InputKind` in `app/contract.ts` explains them. */
export const inputKinds = ["file", "text", "lines", "jsonl", "csv", "pairs"] as const;

/** The kinds of records a job can have: an input kind, or what the app's own `readRecords` yields. */
export const recordKinds = [...inputKinds, "own"] as const;
export type RecordKind = (typeof recordKinds)[number];

/** The compressions that are detected by the first bytes of a file. */
export const compressions = ["gzip", "zstd", "xz", "bzip2"] as const;
export type Compression = (typeof compressions)[number];

/** Encodings that are recognised by their byte order mark and decoded. Everything else is read as UTF-8. */
export const encodings = ["utf-16le", "utf-16be", "utf-32le", "utf-32be"] as const;
export type Encoding = (typeof encodings)[number];

/** Files that an app reads in one way: all of them, or one of its inputs. */
export interface HasKind {
  readonly input: RecordKind;
}

/** An app. It has either a format of its own, with `input`, or `inputs`. */
export type AppInputs<Format extends HasKind = HasKind> = {
  readonly [Name in keyof Format]?: Format[Name] | undefined;
} & {
  /** By name. */
  readonly inputs?: Readonly<Record<string, Format>> | undefined;
};

/** How the app reads a split: as the input that its file was given for, or as it reads all files. */
export function formatOf<Format extends HasKind>(
  app: AppInputs<Format>,
  { input }: { readonly input?: string | undefined },
): Format {
  const { inputs = {} } = app;
  const named = input !== undefined && Object.hasOwn(inputs, input) ? inputs[input] : undefined;
  const format = input === undefined && app.input !== undefined ? (app as unknown as Format) : named;
  if (format === undefined) throw new Error(`the app has no input ${input ?? "without a name"}`);
  return format;
}

/** The kind of records of an app, or of each of its inputs, for people. */
export function inputText({ input, inputs = {} }: AppInputs): string {
  if (input !== undefined) return input;
  return Object.entries(inputs)
    .map(([name, named]) => `${name}: ${named.input}`)
    .join(", ");
}
