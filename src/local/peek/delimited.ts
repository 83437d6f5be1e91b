/** Finds out how a text is divided into rows and columns, with the reader of CSV files itself. */
import type { CsvOptions } from "../../app/contract.js";
import { keptBytes } from "../../input/byte-source.js";
import { readDialect } from "../../input/csv-dialect.js";
import { CsvRows, rowBytesMax } from "../../input/csv-rows.js";
import { csvSyntax } from "../../input/csv-syntax.js";
import { InputError } from "../../input/input-error.js";
import { summaryOfTexts } from "./column-types.js";

/** The rows of a text with a delimiter. */
export interface Delimited {
  readonly delimiter: string;
  /** Whether a first line `sep=` names the delimiter. */
  readonly isNamed: boolean;
  readonly columns: readonly string[];
  readonly hasHeader: boolean;
  /** The options that an app needs to read the file. */
  readonly options: CsvOptions;
  /** The first rows that have as many fields as there are columns, without the header. */
  readonly rows: readonly (readonly string[])[];
  /** How many other rows there are, and what is wrong with the first. */
  readonly badRows: number;
  readonly firstBad?: string | undefined;
}

interface Row {
  readonly fields: readonly string[];
  readonly fault: string | undefined;
}

/** In order of preference: the later ones often occur within fields. */
const delimiters = ["\t", ";", "|", ","] as const;
const rowsMax = 20_000;
/** The share of rows that must have the same number of fields, and that share if the name says that it is CSV. */
const [regularMin, namedRegularMin] = [0.95, 0.5];

/** Undefined when the text is not divided into columns. `isNamed` means that its name says that it is. */
export async function delimitedIn(
  text: Buffer,
  { isAll, isNamed, file }: { readonly isAll: boolean; readonly isNamed: boolean; readonly file: string },
): Promise<Delimited | undefined> {
  const tried: {
    readonly delimiter: string;
    readonly rows: Row[];
    readonly regular: number;
    readonly isNamed: boolean;
  }[] = [];
  for (const wanted of delimiters) {
    const { rows, delimiter, headBytes } = await rowsOf(text, wanted, isAll, file);
    const columns = rows[0]?.fields.length ?? 0;
    const regular = rows.filter(({ fields, fault }) => fault === undefined && fields.length === columns).length;
    tried.push({ delimiter, rows, regular: regular / rows.length, isNamed: headBytes > 0 });
    if (headBytes > 0) return described(rows, delimiter, true);
  }
  const divided = tried.filter(({ rows }) => (rows[0]?.fields.length ?? 0) > 1 && rows.length > 1);
  const best = Math.max(0, ...divided.map(({ regular }) => regular));
  const found = divided.find(
    ({ regular }) => regular >= Math.max(best * regularMin, isNamed ? namedRegularMin : regularMin),
  );
  if (found !== undefined) return described(found.rows, found.delimiter, false);
  // A single column, or only a header.
  const other = isNamed ? (tried.find(({ rows }) => (rows[0]?.fields.length ?? 0) > 1) ?? tried.at(-1)) : undefined;
  return other === undefined ? undefined : described(other.rows, other.delimiter, false);
}

async function rowsOf(text: Buffer, wanted: string, isAll: boolean, file: string) {
  // A line `sep=` contradicts options with another delimiter, so the reader gets none at first.
  const named = await readDialect(keptBytes(text, 0), file, {}, rowBytesMax).catch((error: unknown) => {
    throw new InputError((error as Error).message, { cause: error });
  });
  const options = named.dialect.headBytes > 0 ? {} : { delimiter: wanted };
  const { dialect, source } = await readDialect(keptBytes(text, 0), file, options, rowBytesMax);
  const reader = new CsvRows(source, { syntax: csvSyntax(options, dialect), headBytes: dialect.headBytes });
  reader.hasWhiteRows = false;
  const rows: Row[] = [];
  while (rows.length < rowsMax && (await reader.next())) {
    rows.push({ fields: reader.fields(), fault: reader.fault });
  }
  // The last row may go on behind the sample.
  if (!isAll && rows.length > 1 && rows.length < rowsMax && rows.at(-1)?.fault !== undefined) rows.pop();
  await reader.close();
  return { rows, delimiter: dialect.delimiter, headBytes: dialect.headBytes };
}

function described(all: readonly Row[], delimiter: string, isNamed: boolean): Delimited {
  const [first, ...others] = all.map(({ fields }) => fields);
  const names = first ?? [];
  const rest = all.slice(1);
  const regular = others.filter((row, index) => row.length === names.length && rest[index]?.fault === undefined);
  const hasHeader = looksLikeHeader(names, regular);
  const areUsable = hasHeader && new Set(names).size === names.length;
  const columns = areUsable
    ? names
    : names.map((name, index) => (hasHeader && name !== "" ? uniqueName(name, index, names) : `c${index + 1}`));
  const bad = all
    .slice(hasHeader ? 1 : 0)
    .filter(({ fields, fault }) => fault !== undefined || fields.length !== names.length);
  const [firstBad] = bad;
  return {
    delimiter,
    isNamed,
    columns,
    hasHeader,
    options: {
      ...(isNamed || delimiter === "," ? {} : { delimiter }),
      ...(areUsable ? {} : { columns: [...columns] }),
      ...(!areUsable && hasHeader ? { header: true } : {}),
    },
    rows: hasHeader || first === undefined ? regular : [first, ...regular],
    badRows: bad.length,
    ...(firstBad === undefined
      ? {}
      : { firstBad: firstBad.fault ?? `${firstBad.fields.length} fields, and there are ${names.length} columns` }),
  };
}

function uniqueName(name: string, index: number, names: readonly string[]): string {
  return names.indexOf(name) === index ? name : `${name}_${index + 1}`;
}

/**
 * Whether the first row has names: all are texts, and no column has its name as a value. If a column of numbers or dates
 * begins with a text, that is certain; otherwise it is likely, since most files have a header.
 */
function looksLikeHeader(names: readonly string[], rows: readonly (readonly string[])[]): boolean {
  const areNames = names.every((name) => !/^(?:integer|number|date|boolean)$/.test(summaryOfTexts([name]).type));
  if (!areNames || names.every((name) => name.trim() === "")) return false;
  return names.every((name, column) => name.trim() === "" || rows.every((row) => row[column] !== name));
}
