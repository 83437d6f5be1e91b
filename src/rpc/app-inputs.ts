/** How an app reads its inputs: all files as records of one kind, or several named inputs, each with a kind of its own. */
import type { RecordKind } from "../app/input-kinds.js";
import type { Split } from "./protocol.js";

/** What is read in one way: all files of an app, or those of one of its inputs. */
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
export function formatOf<Format extends HasKind>(app: AppInputs<Format>, { input }: Pick<Split, "input">): Format {
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
