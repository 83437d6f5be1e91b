/**
 * Which JavaScript values can travel through a job, and what is wrong with the others.
 *
 * A value can travel if its JSON text holds everything that is in the value:
 *
 * - strings, finite numbers, booleans and null; `-0` becomes `0`, which equals it;
 * - arrays without holes, if their elements can;
 * - objects, by their own enumerable properties. An instance of a class becomes a plain object of its fields. An
 *   instance without fields is rejected: its contents are hidden in `#private` fields or the internals of a built-in
 *   class;
 * - an object with a `toJSON`, such as a Date or a URL, as what `toJSON` returns, which is checked in turn.
 *
 * Everything else is rejected: `JSON.stringify` would write `{}` or `null`, or leave something out.
 */
import { types } from "node:util";

/** A value that cannot travel. The message says where in the whole value it is, what it is, and how to fix it. */
export class ValueProblem extends Error {}

/** The arrays and objects around the value being checked, outermost first. */
const ancestors: object[] = [];
const ancestorNames: Name[] = [];
/** Where the current check begins in `ancestors`: a getter or a `toJSON` of the app may start a nested check. */
let base = 0;
/** The name of the value being checked within its innermost ancestor. */
let name: Name;

/** An index or a property name; undefined for the whole value and for what a `toJSON` returns. */
type Name = string | number | undefined;

/**
 * Returns the value to pass to `JSON.stringify`: `value` itself, or a copy in which each object with a `toJSON` is
 * replaced by its result. Throws a ValueProblem, or whatever the app's own getters and `toJSON` throw.
 */
export function jsonValueOf(value: unknown): unknown {
  const outerBase = base;
  const outerName = name;
  base = ancestors.length;
  name = undefined;
  try {
    return checked(value);
  } finally {
    ancestors.length = base;
    ancestorNames.length = base;
    base = outerBase;
    name = outerName;
  }
}

function checked(value: unknown): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value)) return value;
      throw problem(`is ${value}; use null, or the string "${value}"`);
    case "object":
      return value === null ? value : checkedObject(value);
    case "undefined":
      throw problem(ancestors.length === base ? "is undefined; use null" : "is undefined; use null, or leave it out");
    case "bigint":
      throw problem("is a bigint, which must not be inside an object or array; use String(bigint)");
    case "function":
      if (hasToJson(value)) return within(value, checkedToJson);
      throw problem("is a function; call it, or leave it out");
    case "symbol":
      throw problem("is a symbol; use a string");
  }
}

function checkedObject(object: object): unknown {
  if (Array.isArray(object)) return within(object, checkedElements);
  const prototype: unknown = Object.getPrototypeOf(object);
  const isPlain = prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null;
  // Buffers have a `toJSON`, but its result looks like any other object.
  if (!isPlain && (ArrayBuffer.isView(object) || types.isAnyArrayBuffer(object))) throw problem(binaryText(object));
  if (hasToJson(object)) return within(object, checkedToJson);
  if (!isPlain) requireFields(object);
  if (prototype !== Object.prototype && prototype !== null) requireNothingInherited(object);
  return within(object, checkedProperties);
}

/** Runs `check` on an array or object while it counts as an ancestor. */
function within<Container extends object>(container: Container, check: (container: Container) => unknown): unknown {
  for (let at = base; at < ancestors.length; at++) {
    if (ancestors[at] === container) throw problem(`refers back to ${pathText(at)}; remove the circular reference`);
  }
  ancestors.push(container);
  ancestorNames.push(name);
  const result = check(container);
  ancestors.pop();
  ancestorNames.pop();
  return result;
}

function checkedElements(array: readonly unknown[]): unknown {
  let copy: unknown[] | undefined;
  for (let index = 0; index < array.length; index++) {
    const element = array[index];
    if (isScalar(element)) continue;
    name = index;
    if (element === undefined && !(index in array)) throw problem("is a hole in the array; use null");
    const own = checked(element);
    if (own !== element) (copy ??= [...array])[index] = own;
  }
  return copy ?? array;
}

function checkedProperties(object: object): unknown {
  let copy: Record<string, unknown> | undefined;
  for (const property in object) {
    const value = (object as Record<string, unknown>)[property];
    // Properties added to `Object.prototype` do not belong to the object.
    if (isScalar(value) || !Object.hasOwn(object, property)) continue;
    name = property;
    const own = checked(value);
    if (own !== value) (copy ??= { ...object })[property] = own;
  }
  for (const symbol of Object.getOwnPropertySymbols(object)) {
    if (!Object.prototype.propertyIsEnumerable.call(object, symbol)) continue;
    name = undefined;
    if (symbol === Symbol.iterator) throw problem("is an iterable; use an array: [...it]");
    name = `[${String(symbol)}]`;
    throw problem("has a symbol as its name; use a string");
  }
  return copy ?? object;
}

/** Throws when an object inherits properties other than methods, which JSON would leave out. */
function requireNothingInherited(object: object): void {
  for (const property in object) {
    if (Object.hasOwn(object, property)) continue;
    if (typeof (object as Record<string, unknown>)[property] === "function") continue;
    const path = ancestors.length > base ? nameText(name) : "";
    throw new ValueProblem(
      `${pathText(ancestors.length - 1)}${path}${nameText(property)} is inherited from the object's prototype; copy it into the object`,
    );
  }
}

interface HasToJson {
  toJSON(name: string): unknown;
}

function hasToJson(object: object): object is HasToJson {
  return typeof (object as Partial<HasToJson>).toJSON === "function";
}

function checkedToJson(object: HasToJson): unknown {
  const result = object.toJSON(String(name ?? ""));
  if (result === object) return checkedProperties(object);
  if (result === null || result === undefined) {
    ancestors.pop();
    throw problem(
      types.isDate(object) ? "is an invalid date; use null" : `has a toJSON that returns ${String(result)}; use null`,
    );
  }
  name = undefined;
  return checked(result);
}

/** Throws when an instance of a class holds data outside its fields. */
function requireFields(object: object): void {
  const hint = hiddenContentHint(object);
  if (hint !== undefined) throw problem(hint);
  if (Object.keys(object).length > 0 || Object.getOwnPropertySymbols(object).length > 0) return;
  throw problem(
    `is ${withArticle(classNameOf(object))} without public fields; use a plain object, or give it a toJSON`,
  );
}

function hiddenContentHint(object: object): string | undefined {
  if (types.isMap(object)) return "is a Map; use Object.fromEntries(map), or [...map]";
  if (types.isSet(object)) return "is a Set; use [...set]";
  if (types.isNativeError(object) || object instanceof Error) {
    return `is ${withArticle(classNameOf(object))}; use its message, or throw it`;
  }
  if (types.isRegExp(object)) return "is a RegExp; use its source";
  if (isThenable(object)) return "is a promise; is an `await` missing?";
  if (types.isBoxedPrimitive(object)) return `is a ${classNameOf(object)} object; use its valueOf()`;
  if (types.isWeakMap(object) || types.isWeakSet(object)) return `is a ${classNameOf(object)}, which cannot be listed`;
  if (isIterator(object)) return "is an iterator or a generator; use an array: [...iterator]";
  if (Symbol.asyncIterator in object) return "is an asynchronous iterable; use an array of what it yields";
  if (Symbol.iterator in object) return `is ${withArticle(classNameOf(object))}; use an array: [...it]`;
  return undefined;
}

function binaryText(object: object): string {
  if (Buffer.isBuffer(object)) return 'is a Buffer; use its toString(), or toString("base64") if it is not text';
  const name = classNameOf(object);
  const isArray = ArrayBuffer.isView(object) && !types.isDataView(object);
  return `is ${withArticle(name)}; use an array: [...${isArray ? "it" : "new Uint8Array(…)"}]`;
}

function classNameOf(object: object): string {
  const { constructor } = object as { readonly constructor?: unknown };
  const name = typeof constructor === "function" ? constructor.name : "";
  return name === "" || name === "Object" ? "object" : name;
}

function withArticle(noun: string): string {
  return noun === "object" ? "an object of another class" : `${/^[AEIO]/i.test(noun) ? "an" : "a"} ${noun}`;
}

/** Whether app code returned any kind of promise. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** Whether app code returned a generator or another iterator. A Map or a Set is not an iterator. */
export function isIterator(value: unknown): value is IterableIterator<unknown> {
  return isObject(value) && Symbol.iterator in value && typeof (value as { next?: unknown }).next === "function";
}

/** Whether app code returned an asynchronous generator or another asynchronous iterator. */
export function isAsyncIterator(value: unknown): value is AsyncIterableIterator<unknown> {
  return isObject(value) && Symbol.asyncIterator in value && typeof (value as { next?: unknown }).next === "function";
}

/** Whether a value is an object, null aside. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "boolean" || value === null || Number.isFinite(value);
}

function problem(what: string): ValueProblem {
  const path = pathText(ancestors.length - 1);
  return new ValueProblem(`${ancestors.length > base ? path + nameText(name) : path} ${what}`);
}

/** The path to an ancestor, as text. */
function pathText(ancestor: number): string {
  const inner = ancestorNames.slice(base + 1, ancestor + 1).map(nameText);
  // For a long path, show its beginning and its end.
  const shown = inner.length <= 12 ? inner : [...inner.slice(0, 6), "…", ...inner.slice(-6)];
  return `value${shown.join("")}`;
}

function nameText(name: Name): string {
  if (name === undefined) return "";
  if (typeof name === "number") return `[${name}]`;
  if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) && name.length <= 60) return `.${name}`;
  if (name.startsWith("[Symbol(")) return name;
  return `[${JSON.stringify(name.length <= 60 ? name : `${name.slice(0, 60)}…`)}]`;
}
