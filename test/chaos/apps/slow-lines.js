// Counts lines by their first word, and takes its time: `pauseMs` at every `pauseEvery`th line and key, and `stragglerMs`
// in the first attempt of some tasks. `how` is `await`, or `block` for a thread that does not react.
import { Buffer } from "node:buffer";
import { setTimeout as sleep } from "node:timers/promises";

export const input = "lines";

let calls = 0;

export async function map(_file, line, ctx) {
  const [word] = line.split(" ", 1);
  ctx.emit(word === "" ? "(none)" : word, Buffer.byteLength(line));
  await mayPause(ctx);
}

export async function reduce(_word, sizes, ctx) {
  await mayPause(ctx);
  return `${sizes.length} ${sizes.reduce((sum, size) => sum + size, 0)}`;
}

let slowest = "";

async function mayPause(ctx) {
  const { pauseMs, pauseEvery, stragglerMs, how } = ctx.args;
  calls++;
  const name = `${ctx.task} ${ctx.attempt}`;
  if (ctx.attempt === 1 && ctx.task % 3 === 2 && ctx.task < 9 && slowest !== name) {
    slowest = name;
    await pause(Number(stragglerMs), how);
  }
  if (calls % Number(pauseEvery) === 0) await pause(Number(pauseMs), how);
}

async function pause(ms, how) {
  if (how === "block") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  else await sleep(ms);
}
