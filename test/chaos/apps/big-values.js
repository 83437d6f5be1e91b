// Values of several KiB, more than fit into the memory of a map task; its output depends on their order, too.
import { createHash } from "node:crypto";

export const input = "lines";

export function map(_file, line, ctx) {
  ctx.emit(`length-${line.length % 40}`, line.repeat(Number(ctx.args["repeat"])));
}

export function reduceStream(key, values, ctx) {
  const hash = createHash("sha256");
  let count = 0;
  for (const value of values) {
    hash.update(value).update("\n");
    count++;
  }
  ctx.emit(key, `${count} ${hash.digest("hex")}`);
}
