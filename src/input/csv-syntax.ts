import type { CsvOptions } from "../app/contract.js";
import type { CsvDialect } from "./csv-dialect.js";

/** The syntax of a CSV file: the app's options and the file's dialect, complete and as bytes. */
export interface CsvSyntax {
  readonly delimiter: Buffer;
  /** Undefined if no field is in quotes. */
  readonly quote: Buffer | undefined;
  readonly escape: Buffer;
  readonly comment: Buffer | undefined;
  readonly trim: boolean;
  readonly relaxQuotes: boolean;
  /** Whether a lone carriage return ends a row. */
  readonly endsAtReturn: boolean;
}

/** Combines the options of the app with the dialect of the file. */
export function csvSyntax(options: CsvOptions, { delimiter, endsAtReturn }: CsvDialect): CsvSyntax {
  const { quote = '"', comment, trim = false, relaxQuotes = false } = options;
  const { escape = quote === false ? '"' : quote } = options;
  return {
    delimiter: Buffer.from(delimiter),
    quote: quote === false ? undefined : Buffer.from(quote),
    escape: Buffer.from(escape),
    comment: comment === undefined ? undefined : Buffer.from(comment),
    trim,
    relaxQuotes,
    endsAtReturn,
  };
}
