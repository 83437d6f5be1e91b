/** Messages to the coordinator that are nearly right: generated from the schemas of the protocol, then damaged. */
import fc from "fast-check";
import { methods, type Method } from "../../src/rpc/protocol.js";
import { chunkSizes, cut } from "./chunks.js";
import { damagedJson } from "./damaged-json.js";
import { ofSchema } from "./of-schema.js";
import { checkServed } from "./serving-peer.js";
import { targetOf, type Target } from "./target.js";

const id = fc.oneof(
  { weight: 3, arbitrary: fc.nat(20) },
  fc.constantFrom("", "a", null, -1, 0.5, 1e21, "i".repeat(201)),
);
const requests = (Object.keys(methods) as Method[]).map((method) =>
  fc.record(
    { jsonrpc: fc.constant("2.0"), id, method: fc.constant(method), params: ofSchema(methods[method].params) },
    { requiredKeys: ["jsonrpc", "method", "params"], noNullPrototype: true },
  ),
);
/** Ids from 1 on belong to the peer's own calls. */
const response = fc.record(
  {
    jsonrpc: fc.constant("2.0"),
    id: fc.oneof(fc.nat(3), id),
    result: fc.constantFrom({}, null, [], "x"),
    error: fc.record({ code: fc.integer(), message: fc.string({ maxLength: 5 }) }, { noNullPrototype: true }),
  },
  { requiredKeys: ["jsonrpc"], noNullPrototype: true },
);
const message = fc.oneof(...requests, response);
const line = damagedJson(
  fc.oneof({ weight: 9, arbitrary: message }, { weight: 1, arbitrary: fc.array(message, { maxLength: 4 }) }),
);
/** Mostly intact; otherwise with some characters removed or inserted. */
const text = fc.oneof(
  { weight: 12, arbitrary: line },
  { weight: 1, arbitrary: fc.tuple(line, fc.nat(300)).map(([whole, length]) => whole.slice(0, length)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(line, fc.nat(300), fc.constantFrom('"', "\\", "}", "{", "\r", "\n", "\0", "\ufffd", "1", ","))
      .map(([whole, at, added]) => whole.slice(0, at) + added + whole.slice(at)),
  },
);

const conversation = fc.record({
  texts: fc.array(text, { minLength: 1, maxLength: 40, size: "max" }),
  sizes: chunkSizes,
});

export const messages: Target = targetOf(
  conversation,
  async ({ texts, sizes }) => {
    await checkServed(cut(Buffer.from(texts.map((one) => `${one}\n`).join("")), sizes), 1_000_000);
    return texts.length;
  },
  ({ texts, sizes }) => `${JSON.stringify(texts)} in pieces of ${sizes.join(", ")}`,
);
