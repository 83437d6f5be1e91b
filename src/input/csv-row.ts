/** A row as an object: the names of the columns, in the order of the header, with their fields. */
export type CsvRow = Record<string, string>;

/** Makes a row. There is one field for each column. */
export type RowMaker = (fields: readonly string[]) => CsvRow;

/** JavaScript puts properties with such names before all others, in numeric order. */
const arrayIndex = /^(?:0|[1-9]\d{0,9})$/;

/** Returns the function that makes rows with these columns. */
export function rowMaker(columns: readonly string[]): RowMaker {
  const make = (fields: readonly string[]) => rowOf(columns, fields);
  if (!columns.some((name) => arrayIndex.test(name))) return make;
  // An ordinary object cannot list such names in the order of the header, but a proxy can.
  const handler: ProxyHandler<CsvRow> = { ownKeys: (row) => inOrder(row, columns) };
  return (fields) => new Proxy(make(fields), handler);
}

function rowOf(columns: readonly string[], fields: readonly string[]): CsvRow {
  const row: CsvRow = {};
  for (let index = 0; index < columns.length; index++) {
    const name = columns[index] ?? "";
    const value = fields[index] ?? "";
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
