import { inspect } from "node:util";
import type { KeyValue } from "../app/contract.js";
import { isObject, isThenable } from "../app/json-value.js";
import type { PairTaker } from "../shuffle/collect/collector.js";

/** Emits what `map` returned; the promise, if any, resolves when everything is emitted. */
export function emitAll(result: unknown, taker: PairTaker): Promise<void> | undefined {
  if (result === undefined || result === null) return undefined;
  if (isObject(result) && Symbol.iterator in result) {
    for (const pair of result as Iterable<unknown>) emitPair(pair, taker);
    return undefined;
  }
  if (isObject(result) && Symbol.asyncIterator in result) {
    return emitAsync(result as AsyncIterable<unknown>, taker);
  }
  throw new TypeError(
    `map returned ${isObject(result) ? "an object" : typeof result}: it must return an array or a generator of ` +
      "{ key, value }, or nothing and call ctx.emit",
  );
}

async function emitAsync(pairs: AsyncIterable<unknown>, taker: PairTaker): Promise<void> {
  for await (const pair of pairs) emitPair(pair, taker);
}

const promiseHint = "a promise (is an `await` missing?)";

function emitPair(pair: unknown, taker: PairTaker): void {
  if (!isObject(pair) || !("key" in pair && "value" in pair)) {
    const shown = inspect(pair, { depth: 0, maxStringLength: 60 });
    throw new TypeError(`map returned or yielded ${isThenable(pair) ? promiseHint : shown}, not { key, value }`);
  }
  const { key, value } = pair as KeyValue;
  taker.emit(key, value);
}
