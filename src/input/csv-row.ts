/** A row as an object: the names of the columns, in the order of the header, with their fields. */
export type CsvRow = Record<string, string>;

/**
 * Makes rows with the same columns. There must be one field for each column.
 *
 * A row is a plain object with all of its fields. Objects that make a field only when the app reads it were measured. Getters
 * on a prototype are not faster, because slicing a string is cheap, and `Object.keys(row)` and `{ ...row }` miss them.
 * Proxies are slower.
 */
export interface RowMaker {
  /** Makes a row of the slices of the text with these starts and ends. */
  readonly fromSlices: (text: string, starts: Int32Array, ends: Int32Array) => CsvRow;
  readonly fromFields: (fields: readonly string[]) => CsvRow;
}

/** JavaScript puts properties with such names before all others, in numeric order. */
const arrayIndex = /^(?:0|[1-9]\d{0,9})$/;

/** A function for more columns would take long to compile. */
const compiledColumnsMax = 256;

/** The files of a job usually have the same columns. To reuse the maker keeps the code that V8 has optimized for it. */
let latest: { readonly columns: readonly string[]; readonly maker: RowMaker } | undefined;

/** Returns a maker of rows with these columns. */
export function rowMaker(columns: readonly string[]): RowMaker {
  const known = latest?.columns;
  const isSame = known?.length === columns.length && known.every((name, index) => name === columns[index]);
  if (latest === undefined || !isSame) latest = { columns, maker: newRowMaker(columns) };
  return latest.maker;
}

function newRowMaker(columns: readonly string[]): RowMaker {
  if (!columns.some((name) => arrayIndex.test(name))) {
    return (columns.length <= compiledColumnsMax ? compile(columns) : undefined) ?? generalMaker(columns);
  }
  const { fromSlices, fromFields } = generalMaker(columns);
  // An ordinary object cannot list such names in the order of the header, but a proxy can.
  const handler: ProxyHandler<CsvRow> = { ownKeys: (row) => inOrder(row, columns) };
  return {
    fromSlices: (text, starts, ends) => new Proxy(fromSlices(text, starts, ends), handler),
    fromFields: (fields) => new Proxy(fromFields(fields), handler),
  };
}

function generalMaker(columns: readonly string[]): RowMaker {
  return {
    fromSlices: (text, starts, ends) => rowOf(columns, (index) => text.slice(starts[index], ends[index])),
    fromFields: (fields) => rowOf(columns, (index) => fields[index] ?? ""),
  };
}

/**
 * Compiles object literals with these columns: V8 makes such objects twice as fast as it adds one property after the other.
 * Returns undefined if Node.js may not compile strings (`--disallow-code-generation-from-strings`).
 */
function compile(columns: readonly string[]): RowMaker | undefined {
  // A JSON string is also a JavaScript string. Only in brackets is __proto__ an ordinary property.
  const key = (name: string) => (name === "__proto__" ? `["__proto__"]` : JSON.stringify(name));
  const literal = (value: (index: number) => string) =>
    `({ ${columns.map((name, index) => `${key(name)}: ${value(index)}`).join(", ")} })`;
  try {
    return {
      fromSlices: compiled("text", "starts", "ends")(literal((n) => `text.slice(starts[${n}], ends[${n}])`)),
      fromFields: compiled("fields")(literal((n) => `fields[${n}]`)),
    };
  } catch (error) {
    if (error instanceof EvalError) return undefined;
    throw error;
  }
}

function compiled(...parameters: string[]): (result: string) => RowMaker["fromSlices"] & RowMaker["fromFields"] {
  // Names from the file occur only as JSON strings.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  return (result) => new Function(...parameters, `return ${result};`) as never;
}

function rowOf(columns: readonly string[], field: (index: number) => string): CsvRow {
  const row: CsvRow = {};
  for (let index = 0; index < columns.length; index++) {
    const name = columns[index] ?? "";
    const value = field(index);
    if (name !== "__proto__") row[name] = value;
    else Object.defineProperty(row, name, { value, enumerable: true, writable: true, configurable: true });
  }
  return row;
}

/** The names in a row: first its columns, except any that the app has removed, then properties that the app has added. */
function inOrder(row: CsvRow, columns: readonly string[]): (string | symbol)[] {
  const names = new Set<string | symbol>(Reflect.ownKeys(row));
  const ordered = columns.filter((name) => names.delete(name));
  return [...ordered, ...names];
}
