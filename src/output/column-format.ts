/**
 * `csv` and `tsv` with named columns: the key, unless the records have none, and the parts of the value. A part is a
 * property of an object with the name of the column, an element of an array at its place, or the whole value where it
 * has a single column. Each file has a header.
 *
 * Whatever does not fit the columns is an error: a reader of the file could not see that something is missing.
 */
import type { JsonValue } from "../app/contract.js";
import { requireStringKey, requireValue, shownKey } from "../app/given.js";
import { jsonValueOf } from "../app/json-value.js";

interface ColumnSettings {
  /** Whether the first column is the key. */
  readonly isKeyed: boolean;
  readonly separator: string;
  /** Returns the text of one field. */
  readonly field: (giver: string, key: string, value: JsonValue) => string;
}

/** Returns what `recordFormat` returns for these columns. */
export function columnFormat(columns: readonly string[], { isKeyed, separator, field }: ColumnSettings) {
  const names = isKeyed ? columns.slice(1) : columns;
  return {
    header: `${columns.map((name) => field("writer", name, name)).join(separator)}\n`,
    footer: "",
    record(giver: string, key: string, value: JsonValue): string {
      requireStringKey(giver, key);
      requireValue(giver, key, value);
      const parts = partsOf(value, names, (problem) => {
        return new TypeError(`${giver}: the value of key ${shownKey(key)} does not fit the columns: ${problem}`);
      });
      let line = isKeyed ? field(giver, key, key) : "";
      for (const [index, part] of parts.entries()) {
        if (isKeyed || index > 0) line += separator;
        line += field(giver, key, part);
      }
      if (line === "") {
        throw new TypeError(
          `${giver}: the record of key ${shownKey(key)} would be an empty line, which readers skip; write another value ` +
            "than null or an empty string, or no record",
        );
      }
      return `${line}\n`;
    },
  };
}

/** Returns the parts of a value in the order of the columns. Throws what `misfit` makes of the problem. */
function partsOf(value: JsonValue, names: readonly string[], misfit: (problem: string) => Error): readonly JsonValue[] {
  const plain = typeof value === "object" ? (jsonValueOf(value) as JsonValue) : value;
  if (Array.isArray(plain)) {
    if (plain.length === names.length) return plain as readonly JsonValue[];
    throw misfit(`it is an array of ${plain.length}, for ${counted(names)}`);
  }
  if (typeof plain === "object" && plain !== null) return fieldsOf(plain as Fields, names, misfit);
  if (names.length === 1) return [plain];
  throw misfit(`it is ${plain === null ? "null" : `a ${typeof plain}`}, for ${counted(names)}; use an object or array`);
}

type Fields = Readonly<Record<string, JsonValue>>;

function fieldsOf(value: Fields, names: readonly string[], misfit: (problem: string) => Error): JsonValue[] {
  const parts: JsonValue[] = [];
  // Not with `map`, which would appear in the stack of the error.
  for (const name of names) {
    const part = Object.hasOwn(value, name) ? value[name] : undefined;
    if (part === undefined) throw misfit(`it has no field ${JSON.stringify(name)}; use null where there is no value`);
    parts.push(part);
  }
  const given = Object.keys(value);
  if (given.length === names.length) return parts;
  const extra = given.find((name) => !names.includes(name)) ?? "";
  throw misfit(`it has the field ${JSON.stringify(extra)}, which is not a column`);
}

function counted(names: readonly string[]): string {
  return names.length === 1
    ? `the column ${JSON.stringify(names[0])}`
    : `the ${names.length} columns ${names.join(", ")}`;
}
