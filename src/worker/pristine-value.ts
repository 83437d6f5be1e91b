/** Deeper values are not copied. */
const depthMax = 8;
/** Longer bytes are not copied. */
const bytesMax = 16 * 2 ** 20;

/**
 * Makes a function that returns a value as it is now, after an app may have changed it; undefined when the value cannot be
 * copied faithfully, such as an object of a class.
 */
export function keepPristine(value: unknown): (() => unknown) | undefined {
  if (isImmutable(value)) return () => value;
  const copy = copyOf(value, 0);
  return copy === undefined ? undefined : () => copy.value;
}

function isImmutable(value: unknown): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "function");
}

/** Wrapped, since the value may be undefined. */
function copyOf(value: unknown, depth: number): { readonly value: unknown } | undefined {
  if (isImmutable(value)) return { value };
  if (typeof value !== "object" || value === null || depth === depthMax) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (value instanceof Uint8Array) {
    return value.length > bytesMax ? undefined : { value: Uint8Array.prototype.slice.call(value) };
  }
  if (value instanceof Date && prototype === Date.prototype) return { value: new Date(value) };
  if (Array.isArray(value) && prototype === Array.prototype) return copyOfArray(value, depth);
  if (prototype === Object.prototype || prototype === null) return copyOfObject(value, prototype, depth);
  return undefined;
}

function copyOfArray(array: readonly unknown[], depth: number): { readonly value: unknown[] } | undefined {
  if (Object.keys(array).length !== array.length) return undefined;
  const copies: unknown[] = [];
  for (const element of array) {
    const copy = copyOf(element, depth + 1);
    if (copy === undefined) return undefined;
    copies.push(copy.value);
  }
  return { value: copies };
}

function copyOfObject(object: object, prototype: object | null, depth: number): { readonly value: object } | undefined {
  const names = Object.keys(object);
  if (Object.getOwnPropertyNames(object).length > names.length || Object.hasOwn(object, "__proto__")) return undefined;
  if (Object.getOwnPropertySymbols(object).length > 0 || !Object.isExtensible(object)) return undefined;
  const copy = (prototype === null ? Object.create(null) : {}) as Record<string, unknown>;
  for (const name of names) {
    const own = copyOf((object as Record<string, unknown>)[name], depth + 1);
    if (own === undefined) return undefined;
    copy[name] = own.value;
  }
  return { value: copy };
}
