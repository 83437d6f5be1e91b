import fc from "fast-check";
import type * as v from "valibot";

/** The parts of a schema used here; valibot's own types describe only one kind of schema at a time. */
interface Schema {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Schema>>;
  readonly item?: Schema;
  readonly items?: readonly Schema[];
  readonly wrapped?: Schema;
  readonly value?: Schema;
  readonly literal?: unknown;
  readonly options?: readonly unknown[];
  readonly pipe?: readonly { readonly type: string; readonly requirement?: unknown }[];
}

/** Values that match a schema of the protocol. */
export function ofSchema(schema: v.GenericSchema): fc.Arbitrary<unknown> {
  return arbitraryOf(schema);
}

function arbitraryOf(schema: Schema): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case "strict_object":
      return objectOf(schema.entries ?? {});
    case "optional":
    case "exact_optional":
      return arbitraryOf(required(schema.wrapped));
    case "array":
      return fc.array(arbitraryOf(required(schema.item)), { maxLength: 3 });
    case "tuple":
    case "strict_tuple":
      return fc.tuple(...(schema.items ?? []).map(arbitraryOf));
    case "record":
      return fc.dictionary(fc.constantFrom("a", "b", "toString", ""), arbitraryOf(required(schema.value)), {
        maxKeys: 3,
      });
    case "variant":
    case "union":
      return fc.oneof(...(schema.options as readonly Schema[]).map(arbitraryOf));
    case "picklist":
      return fc.constantFrom(...(schema.options ?? []));
    case "literal":
      return fc.constant(schema.literal);
    case "boolean":
      return fc.boolean();
    case "string":
      if (schema.pipe?.some(({ type }) => type === "regex"))
        return fc.constantFrom("a", "B_2", "c-d.e", "x".repeat(100));
      return fc.constantFrom("w", "a b", "é😀", "\ud800", "x".repeat(100), "\n", "__proto__");
    case "number":
      return fc.constantFrom(1, 2, 1000, Number.MAX_SAFE_INTEGER, minimumOf(schema));
    default:
      throw new Error(`say here how to make a value of the schema ${schema.type}`);
  }
}

function objectOf(entries: Readonly<Record<string, Schema>>): fc.Arbitrary<unknown> {
  const arbitraries = Object.fromEntries(Object.entries(entries).map(([key, entry]) => [key, arbitraryOf(entry)]));
  const requiredKeys = Object.keys(entries).filter((key) => !entries[key]?.type.endsWith("optional"));
  return fc.record(arbitraries, { requiredKeys, noNullPrototype: true });
}

function minimumOf({ pipe = [] }: Schema): number {
  return Math.max(0, ...pipe.filter(({ type }) => type === "min_value").map(({ requirement }) => Number(requirement)));
}

function required(schema: Schema | undefined): Schema {
  if (schema === undefined) throw new Error("valibot names this part of the schema in another way now");
  return schema;
}
