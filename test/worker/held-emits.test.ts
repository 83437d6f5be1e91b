import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/app/contract.js";
import { HeldEmits, type HeldBytes, type RecordSink } from "../../src/worker/held-emits.js";

/** A sink that notes what it is given. */
function notingSink(): RecordSink & { readonly given: unknown[] } {
  const given: unknown[] = [];
  const text = (buffer: Uint8Array, start: number, end: number) => Buffer.from(buffer.subarray(start, end)).toString();
  return {
    given,
    pairs: 0,
    emit: (key, value) => given.push(["pair", key, value]),
    emitBytes: (buffer, start, end, value) => given.push(["pair", text(buffer, start, end), value]),
    emitSlices: (buffer, ...at) => given.push(["pair", text(buffer, at[0], at[1]), text(buffer, at[2], at[3])]),
    count: (name, n) => given.push(["count", name, n]),
    writeSideFile: (name, data) =>
      given.push(["side", name, data === undefined ? undefined : Buffer.from(data as Uint8Array).toString()]),
  };
}

function held(max = 2 ** 20) {
  const sink = notingSink();
  const all: HeldBytes = { bytes: 0, max };
  return { sink, all, emits: new HeldEmits(sink, all) };
}

describe("what a record in flight emits", () => {
  it("is kept until it is delivered, as it was when it came", () => {
    const { sink, all, emits } = held();
    const list = [1];
    const buffer = Buffer.from("key value");
    emits.emit("a", list);
    emits.emitBytes(buffer, 0, 3, { n: list });
    emits.emitSlices(buffer, 0, 3, 4, 9);
    emits.count("seen", 2);
    emits.writeSideFile("notes", buffer);
    list.push(2);
    buffer.fill("x");
    expect(sink.given).toEqual([]);
    expect(emits.pairs).toBe(3);
    emits.deliver();
    expect(sink.given).toEqual([
      ["pair", "a", [1]],
      ["pair", "key", { n: [1] }],
      ["pair", "key", "value"],
      ["count", "seen", 2],
      ["side", "notes", "key value"],
    ]);
    expect(all.bytes).toBe(0);
  });

  it("is refused where it comes when it does not travel, with the words of the collector", () => {
    const { sink, emits } = held();
    const bytes = Buffer.from("key");
    expect(() => emits.emit(1 as never, 1)).toThrow("emit: a key must be a string, not number 1; use String(key)");
    expect(() => emits.emit("k", undefined as never)).toThrow(`emit: JSON cannot hold the value of key "k"`);
    expect(() => emits.emit("k", NaN)).toThrow("value is NaN");
    expect(() => emits.emitBytes(bytes, 0, 3, { a: [new Map()] } as never)).toThrow(
      `of key "key": value.a[0] is a Map`,
    );
    expect(() => emits.emitBytes(bytes, 2, 9, 1)).toThrow("emitBytes: 2 to 9 is not a range of a buffer of 3 bytes");
    expect(() => emits.emitSlices(bytes, 0, 1, 3, 2)).toThrow("emitSlices: 3 to 2 is not a range");
    expect(() => emits.emitBytes("key" as never, 0, 1, 1)).toThrow("emitBytes: the bytes must be in a Uint8Array");
    emits.deliver();
    expect(sink.given).toEqual([]);
  });

  it("is passed on at once when the records hold too much and this is the first of them", () => {
    const { sink, all, emits } = held(1000);
    const other = new HeldEmits(sink, all);
    emits.setFirst();
    emits.emit("a", 1);
    other.emit("later", "x".repeat(1000));
    expect(sink.given).toEqual([]);
    emits.emit("b", 2);
    emits.emit("c", 3);
    expect(sink.given).toEqual([
      ["pair", "a", 1],
      ["pair", "b", 2],
      ["pair", "c", 3],
    ]);
    other.discard();
    expect(all.bytes).toBe(0);
    expect(() => other.emit("much later", 1)).toThrow("the record was cancelled");
  });

  it("reaches the sink as if nobody had kept it, whatever it is", () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }).map((value) => value as JsonValue),
      fc.bigInt(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    );
    const call = fc.oneof(
      fc.record({ to: fc.constant("emit"), key: fc.string({ unit: "binary" }), value }),
      fc.record({ to: fc.constant("emitBytes"), key: fc.string(), value }),
      fc.record({ to: fc.constant("emitSlices"), key: fc.string(), value: fc.string() }),
      fc.record({ to: fc.constant("count"), key: fc.string(), value: fc.integer() }),
    );
    const give = (
      sink: Omit<RecordSink, "writeSideFile">,
      { to, key, value }: { to: string; key: string; value: unknown },
    ) => {
      const bytes = Buffer.from(`${key}${to === "emitSlices" ? String(value) : ""}`);
      const keyBytes = Buffer.byteLength(key);
      if (to === "emit") sink.emit(key, value as JsonValue);
      else if (to === "emitBytes") sink.emitBytes(bytes, 0, keyBytes, value as JsonValue);
      else if (to === "emitSlices") sink.emitSlices(bytes, 0, keyBytes, keyBytes, bytes.length);
      else sink.count(key, value as number);
    };
    fc.assert(
      fc.property(fc.array(call), fc.constantFrom(0, 500, 2 ** 20), fc.boolean(), (calls, max, isFirst) => {
        const { sink, all, emits } = held(max);
        const direct = notingSink();
        if (isFirst) emits.setFirst();
        for (const one of calls) {
          give(emits, one);
          give(direct, one);
        }
        emits.deliver();
        // As JSON has them: -0 is 0 inside of an object.
        const plain = (given: unknown[]) =>
          given.map((one) =>
            (one as unknown[]).map((part) => (typeof part === "bigint" ? part : JSON.stringify(part))),
          );
        expect(plain(sink.given)).toEqual(plain(direct.given));
        expect(all.bytes).toBe(0);
      }),
    );
  });
});
