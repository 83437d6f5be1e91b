// Counts words, when it does not throw, end its thread or end its process, which it does by chance.
export const input = "text";

export function map(_file, text, ctx) {
  mayFail(ctx, 1);
  for (const [word] of text.matchAll(/\p{L}+/gu)) ctx.emit(word, 1);
  mayFail(ctx, 1);
}

export function reduce(_word, ones, ctx) {
  mayFail(ctx, 0.002);
  return ones.length;
}

function mayFail(ctx, share) {
  if (Math.random() > share * Number(ctx.args["probability"])) return;
  const fate = Math.random();
  if (fate < 0.4) throw new Error("by chance");
  if (fate < 0.8) process.exit(3);
  process.kill(process.pid, "SIGKILL");
}
