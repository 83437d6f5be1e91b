/** Infers the type of a column from some of its values. */

/** The kind of a column's values. `mixed`: more than one kind of JSON value. `empty`: no value at all. */
type ColumnType = "integer" | "number" | "boolean" | "date" | "text" | "object" | "array" | "mixed" | "empty";

export interface ColumnSummary {
  readonly type: ColumnType;
  /** How many values are empty, null or absent. */
  readonly emptyCount: number;
  readonly count: number;
  /** How many different values there are; at most `distinctMax`. */
  readonly distinct: number;
  /** Whether a value has a line end: as a key, it would make text output ambiguous. */
  readonly hasLineEnds: boolean;
  /** Values that do not have the type, if they are few, as in a column of numbers with "N/A". */
  readonly exceptions: number;
  /** The first such value. */
  readonly exception?: string | undefined;
}

/** Counting stops there. */
export const distinctMax = 1000;
/** A type holds if at most this share of the values is an exception. */
const exceptionsMax = 0.02;

const integer = /^[+-]?(?:0|[1-9]\d*)$/;
const decimal = /^[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const boolean = /^(?:true|false|yes|no)$/i;
const time = String.raw`(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d|60)(?:[.,]\d+)?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?`;
const dates: readonly { readonly pattern: RegExp; readonly parts: readonly ["y" | "d" | "m", "m" | "d", "d" | "y"] }[] =
  [
    { pattern: new RegExp(`^(\\d{4})-(\\d\\d)-(\\d\\d)${time}$`), parts: ["y", "m", "d"] },
    { pattern: new RegExp(`^(\\d{4})/(\\d\\d?)/(\\d\\d?)${time}$`), parts: ["y", "m", "d"] },
    { pattern: new RegExp(`^(\\d\\d?)\\.(\\d\\d?)\\.(\\d{4})${time}$`), parts: ["d", "m", "y"] },
    { pattern: new RegExp(`^(\\d\\d?)/(\\d\\d?)/(\\d{4})${time}$`), parts: ["m", "d", "y"] },
    { pattern: new RegExp(`^(\\d\\d?)/(\\d\\d?)/(\\d{4})${time}$`), parts: ["d", "m", "y"] },
  ];

/** In this order, the first type that holds. Every integer is a number, too. */
const types: readonly (readonly [ColumnType, (text: string) => boolean])[] = [
  ["integer", (text) => integer.test(text)],
  ["number", (text) => decimal.test(text)],
  ["boolean", (text) => boolean.test(text)],
  ["date", isDate],
];

/** Summarises strings, as CSV has them. Numbers with leading zeros, such as postcodes, are text. */
export function summaryOfTexts(values: readonly string[]): ColumnSummary {
  const texts = values.map((value) => value.trim()).filter((text) => text !== "");
  const base = { count: values.length, emptyCount: values.length - texts.length, ...distinctIn(values) };
  if (texts.length === 0) return { ...base, type: "empty", exceptions: 0 };
  for (const [type, has] of types) {
    const exceptions = texts.filter((text) => !has(text));
    if (exceptions.length > texts.length * exceptionsMax) continue;
    return {
      ...base,
      type,
      exceptions: exceptions.length,
      ...(exceptions[0] === undefined ? {} : { exception: exceptions[0] }),
    };
  }
  return { ...base, type: "text", exceptions: 0 };
}

/** Summarises JSON values; undefined for a property that a record does not have. */
export function summaryOfValues(values: readonly unknown[]): ColumnSummary {
  const there = values.filter((value) => value !== undefined && value !== null && value !== "");
  const kinds = new Set(there.map(kindOf));
  const base = { count: values.length, emptyCount: values.length - there.length, exceptions: 0 };
  const texts = distinctIn(values.map(jsonText));
  const [kind] = kinds;
  if (kind === undefined) return { ...base, ...texts, type: "empty" };
  if (kinds.size > 1) {
    const areNumbers = [...kinds].every((kind) => kind === "integer" || kind === "number");
    return { ...base, ...texts, type: areNumbers ? "number" : "mixed" };
  }
  if (kind !== "text") return { ...base, ...texts, type: kind };
  // A string of digits is not a number here, but a date has no other form.
  return { ...base, ...texts, type: there.every((text) => isDate(String(text))) ? "date" : "text" };
}

/** A JSON value as text; a string is its own text. */
export function jsonText(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "string" || typeof value === "bigint") return String(value);
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part));
}

function kindOf(value: unknown): ColumnType {
  if (typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value))) return "integer";
  if (typeof value === "number") return "number";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "string") return "text";
  return Array.isArray(value) ? "array" : "object";
}

function distinctIn(values: readonly string[]): Pick<ColumnSummary, "distinct" | "hasLineEnds"> {
  const seen = new Set<string>();
  for (const value of values) {
    seen.add(value);
    if (seen.size === distinctMax) break;
  }
  return { distinct: seen.size, hasLineEnds: [...seen].some((value) => /[\r\n]/.test(value)) };
}

/** Whether the text is a day that exists, with or without a time. */
function isDate(text: string): boolean {
  return dates.some(({ pattern, parts }) => {
    const match = pattern.exec(text);
    if (match === null) return false;
    const part = (name: "y" | "m" | "d") => Number(match[parts.indexOf(name) + 1]);
    const [year, month, day] = [part("y"), part("m"), part("d")];
    const date = new Date(Date.UTC(year, month - 1, day));
    return year >= 1000 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  });
}
