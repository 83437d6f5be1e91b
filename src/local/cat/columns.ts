/** The columns in which rows are shown. */
import type { JsonValue } from "../../app/contract.js";
import type { RecordLayout } from "../../model/output-format.js";
import { columnNames, isNumber, type Row } from "./cells.js";

/** With more properties, a value is shown in one column. */
const columnsMax = 1000;

export interface Columns {
  readonly names: readonly string[];
  /** Whether the properties of the values have columns of their own. */
  readonly areProperties: boolean;
  /** For each column, whether all of its cells are numbers. */
  readonly areNumbers: readonly boolean[];
}

/** The cells of a row in these columns; undefined where a value does not have a property. */
export function cellsIn({ names, areProperties }: Columns, row: Row): readonly (JsonValue | undefined)[] {
  if ("cells" in row) return row.cells;
  const { key, value } = row;
  if (!areProperties) return key === undefined ? [value] : [key, value];
  const properties = propertiesOf(value) ?? {};
  return names.map((name, index) => {
    if (index === 0 && key !== undefined) return key;
    return Object.hasOwn(properties, name) ? properties[name] : undefined;
  });
}

/** Whether a row has nothing that these columns leave out. */
export function isWhollyIn({ names, areProperties }: Columns, row: Row): boolean {
  if ("cells" in row || !areProperties) return true;
  const properties = propertiesOf(row.value);
  return properties !== undefined && Object.keys(properties).every((name) => names.includes(name));
}

/**
 * Finds the columns of the rows it is given. Values of `jsonl` have a column per property if all of them are objects,
 * and no property has the name of the key's column; otherwise they have one column.
 */
export class ColumnFinder {
  readonly #isKeyed: boolean;
  readonly #fixed: readonly string[] | undefined;
  readonly #properties = new Map<string, boolean>();
  #areObjects = true;
  /** For the key and the value, or for each fixed column, whether all cells up to now are numbers. */
  readonly #areNumbers: boolean[];
  #rows = 0;

  constructor(layout: RecordLayout) {
    this.#isKeyed = layout.values !== true;
    this.#fixed = layout.format === "jsonl" ? undefined : columnNames(layout);
    this.#areNumbers = Array.from({ length: this.#fixed?.length ?? 2 }, () => true);
  }

  add(row: Row): void {
    this.#rows += 1;
    if ("cells" in row) {
      for (const [index, cell] of row.cells.entries()) this.#note(index, cell);
      return;
    }
    this.#note(1, row.value);
    if (!this.#areObjects) return;
    const properties = propertiesOf(row.value);
    if (properties === undefined || (this.#isKeyed && Object.hasOwn(properties, "key"))) {
      this.#areObjects = false;
      return;
    }
    for (const [name, cell] of Object.entries(properties)) {
      const before = this.#properties.get(name);
      if (before !== false) this.#properties.set(name, cell === null || isNumber(cell));
    }
    if (this.#properties.size > columnsMax) this.#areObjects = false;
  }

  get columns(): Columns {
    const isKey = (index: number) => this.#isKeyed && index === 0;
    if (this.#fixed !== undefined) {
      const areNumbers = this.#areNumbers.map((are, index) => are && this.#rows > 0 && !isKey(index));
      return { names: this.#fixed, areProperties: false, areNumbers };
    }
    const key = this.#isKeyed ? ["key"] : [];
    const areProperties = this.#areObjects && this.#properties.size > 0;
    const found = areProperties ? [...this.#properties] : [["value", this.#areNumbers[1] === true] as const];
    return {
      names: [...key, ...found.map(([name]) => name)],
      areProperties,
      areNumbers: [...key.map(() => false), ...found.map(([, are]) => are && this.#rows > 0)],
    };
  }

  #note(index: number, cell: JsonValue): void {
    if (cell !== null && !isNumber(cell)) this.#areNumbers[index] = false;
  }
}

function propertiesOf(value: JsonValue): Readonly<Record<string, JsonValue>> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return value as Readonly<Record<string, JsonValue>>;
}
