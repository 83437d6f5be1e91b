/** JSON values with something wrong in a few places, anywhere in the value. */
import fc from "fast-check";

/** One change, at the place with this number, which wraps around the value. */
interface Damage {
  readonly place: number;
  readonly kind: "replace" | "remove" | "add" | "repeat";
  readonly key: string;
  readonly value: unknown;
}

/** Texts that JSON.stringify cannot produce; a string of this name stands for each until the value becomes text. */
const rawTexts = new Map([
  ["raw huge", "1e999"],
  ["raw digits", "9".repeat(400)],
  ["raw zero", "-0.0e-0"],
  ["raw prototype", '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'],
  ["raw twice", '{"worker":"w","worker":{}}'],
  ["raw deep", `${"[".repeat(3000)}${"]".repeat(3000)}`],
  ["raw deep objects", `${'{"a":'.repeat(3000)}1${"}".repeat(3000)}`],
  ["raw long", JSON.stringify("x".repeat(20_000))],
]);

const hostileKey = fc.constantFrom(
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "id",
  "type",
  "",
  "\ud800",
  "0",
);
const hostileValue = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(null, true, -1, 0, 0.5, 2 ** 53, -1e308, "", "\ud800", "\0", [], {}, [[]]) },
  { weight: 1, arbitrary: fc.constantFrom("x".repeat(101), "x".repeat(300), ...rawTexts.keys()) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
);
const damage: fc.Arbitrary<Damage> = fc.record({
  place: fc.nat(1000),
  kind: fc.constantFrom("replace", "remove", "add", "repeat"),
  key: hostileKey,
  value: hostileValue,
});

/** The JSON texts of the values: some unchanged, most with one or two things wrong. */
export function damagedJson(values: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc.tuple(values, fc.array(damage, { maxLength: 2 })).map(([value, all]) => {
    // Copies: fast-check may return the same value several times.
    const root = [JSON.parse(JSON.stringify(value)) as unknown];
    for (const one of all) apply(root, { ...one, value: structuredClone(one.value) });
    return textOf(root[0]);
  });
}

function apply(root: unknown[], { place, kind, key, value }: Damage): void {
  const places = placesIn(root);
  const at = places[place % places.length];
  if (at === undefined) return;
  const { container, name } = at;
  const there = Reflect.get(container, name) as unknown;
  if (kind === "replace") define(container, name, value);
  else if (kind === "add") define(typeof there === "object" && there !== null ? there : container, key, value);
  else if (kind === "repeat") define(container, name, [there, there]);
  else if (Array.isArray(container)) container.splice(Number(name), 1);
  else Reflect.deleteProperty(container, name);
}

interface Place {
  readonly container: object;
  readonly name: string;
}

function placesIn(container: object): Place[] {
  return Object.entries(container).flatMap(([name, value]: [string, unknown]) => {
    const below = typeof value === "object" && value !== null ? placesIn(value) : [];
    return [{ container, name }, ...below];
  });
}

/** Like JSON.parse: an assignment to `__proto__` would do something else. */
function define(container: object, name: string, value: unknown): void {
  if (Array.isArray(container) && !/^\d+$/u.test(name)) container.push(value);
  else Object.defineProperty(container, name, { value, enumerable: true, configurable: true, writable: true });
}

function textOf(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  return (text ?? "").replaceAll(/"(raw [a-z ]+)"/gu, (all, name: string) => rawTexts.get(name) ?? all);
}
