import { shownKey } from "../app/given.js";

const shownCharactersMax = 60;

/** A value that an aggregator cannot take. `path` leads to the value within the emitted one: ".total", or "". */
export class UnusableValue extends Error {
  readonly #problem: string;
  readonly #path: string;

  constructor(problem: string, path = "") {
    super(problem);
    this.#problem = problem;
    this.#path = path;
  }

  /** The same for the value that has this one as its property. */
  within(property: string): UnusableValue {
    return new UnusableValue(this.#problem, pathOf(property) + this.#path);
  }

  toTypeError(name: string, key: string): TypeError {
    return new TypeError(`${name}: for key ${shownKey(key)} value${this.#path} ${this.#problem}`);
  }
}

/** Returns a value that must be a finite number. `what` says what is wanted instead: "mean takes numbers". */
export function finiteNumber(value: unknown, what: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new UnusableValue(`is ${shownValue(value)}, but ${what}${hint(value)}`);
}

/** A value and its type, as text for messages. */
export function shownValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "bigint") return `${shortened(String(value))}n, a bigint`;
  if (typeof value === "string") return `${shortened(JSON.stringify(value))}, a string`;
  const kind = Array.isArray(value) ? "an array" : typeof value === "object" ? "an object" : `a ${typeof value}`;
  try {
    return `${shortened(JSON.stringify(value))}, ${kind}`;
  } catch {
    return kind;
  }
}

function hint(value: unknown): string {
  const isNumeric =
    (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value))) || typeof value === "bigint";
  return isNumeric ? "; convert it with Number(…)" : "";
}

function shortened(text: string): string {
  return text.length <= shownCharactersMax ? text : `${text.slice(0, shownCharactersMax)}…`;
}

function pathOf(property: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(property) ? `.${property}` : `[${JSON.stringify(property)}]`;
}
