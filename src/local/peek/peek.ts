/** `mr peek`: what a file is, and how an app reads it. */
import { shellName } from "../../input/binary-format.js";
import type { InputFile } from "../../input/files.js";
import { wholeBytesMax } from "../../input/whole-reader.js";
import { formatOf, type Format } from "./format.js";
import { findNotUtf8, sampleOf, type NotUtf8, type Sample } from "./sample.js";
import { starterApp, type Language } from "./starter-app.js";

/** The findings about a file, from a sample of its bytes. */
export interface Peeked {
  readonly file: InputFile;
  /** Undefined when the length is unknown. */
  readonly sizeBytes: number | undefined;
  readonly sample: Sample;
  /** Undefined when the file is not text. */
  readonly format: Format | undefined;
  /** What makes the file hard to read, as sentences. */
  readonly notes: readonly string[];
  /** A command that converts the file to what a job can read; its output takes the place of the file. */
  readonly converter: string | undefined;
}

/**
 * Looks at a file. `isCut` means that the file is the beginning of another input, whose length is unknown. Throws an
 * InputError when the file cannot be read.
 */
export async function peekAt(file: InputFile, isCut: boolean): Promise<Peeked> {
  const sample = await sampleOf(file, isCut);
  const sizeBytes = isCut ? undefined : file.sizeBytes;
  const { binary, innerCompression, text, isAll, lineEnds } = sample;
  const known = { file, sizeBytes, sample };
  if (binary !== undefined || innerCompression !== undefined) {
    const command = binary?.command(shellName(file.name));
    const notes = [
      binary === undefined
        ? `it is compressed twice: it contains ${innerCompression ?? ""} data; decompress it once before a job`
        : `it ${sample.compression === undefined ? "is" : "contains"} ${binary.what}, which is not text; make it readable first: ${command ?? ""}`,
    ];
    return { ...known, format: undefined, notes, converter: undefined };
  }
  const format = await formatOf({ text, isAll, file: file.name });
  const wrong = findNotUtf8(text);
  const notes: string[] = [];
  if (wrong !== undefined) notes.push(notUtf8(wrong));
  if (text.includes(0)) notes.push("it contains zero bytes: is it text?");
  if (lineEnds === "CR" && format.kind !== "csv") {
    notes.push(
      `its lines end with a lone carriage return, at which only input "csv" ends a record: tr '\\r' '\\n' converts them`,
    );
  }
  if (format.badRecords > 0) {
    const [records, are] = format.badRecords === 1 ? ["record", "is"] : ["records", "are"];
    notes.push(
      `${format.badRecords} ${records} of the sample ${are} malformed (the first one: ${format.firstBad ?? ""}): --skip-bad-records leaves such records out`,
    );
  }
  if (format.kind === "json document")
    notes.push("it is JSON over several lines: jq -c . makes one line of each document");
  const isTooLong = format.kind === "json array" && (!isAll || (sizeBytes ?? Infinity) > wholeBytesMax);
  if (isTooLong)
    notes.push(
      "it is a large JSON array, which an app would have to read whole: jq -c '.[]' makes a line of each element",
    );
  return { ...known, format, notes, converter: converterOf(file, sample, format, wrong, isTooLong) };
}

/** Whether two files can be read by the same app. */
export function areAlike(a: Peeked, b: Peeked): boolean {
  const shape = ({ format, converter }: Peeked) => [
    format?.kind,
    format?.csv,
    format?.columns.map(({ name }) => name),
    converter === undefined,
  ];
  return JSON.stringify(shape(a)) === JSON.stringify(shape(b));
}

/** An app that counts the records of the file; undefined when none can. */
export function appFor({ file, format, converter }: Peeked, language: Language): string | undefined {
  if (format === undefined) return undefined;
  // The converter makes lines of the elements.
  const isConverted = format.kind === "json array" && converter !== undefined;
  return starterApp(isConverted ? { ...format, kind: "jsonl" } : format, file.name, language);
}

function notUtf8({ line, offset, byte, asWindows1252 }: NotUtf8): string {
  const hex = `0x${byte.toString(16).padStart(2, "0")}`;
  return `it is not UTF-8: line ${line} has the byte ${hex} at offset ${offset}. In Windows-1252 or Latin-1, the line is: ${asWindows1252}`;
}

function converterOf(
  { name, compression }: InputFile,
  { lineEnds }: Sample,
  format: Format,
  wrong: NotUtf8 | undefined,
  isTooLong: boolean,
): string | undefined {
  const steps = [
    ...(wrong === undefined ? [] : ["iconv -f WINDOWS-1252 -t UTF-8"]),
    ...(lineEnds === "CR" && format.kind !== "csv" ? ["tr '\\r' '\\n'"] : []),
    ...(isTooLong ? ["jq -c '.[]'"] : []),
  ];
  if (steps.length === 0) return undefined;
  const programs = { gzip: "gzip", zstd: "zstd", xz: "xz", bzip2: "bzip2" };
  const file = shellName(name);
  if (compression !== undefined) return [`${programs[compression]} -dc ${file}`, ...steps].join(" | ");
  const [first, ...others] = steps;
  return [`${first ?? ""} < ${file}`, ...others].join(" | ");
}
