const ticksPerTimeout = 20;
const tickMsMax = 1000;

/**
 * Watches whether a value changes, and calls `onStall` once when it has not changed for `timeoutMs`. `look` returns
 * undefined while any time is allowed.
 *
 * Only time in which this process ran counts: a late tick is one tick. So nothing appears stuck because the machine
 * slept or all of it was stopped.
 *
 * Returns a function that stops the watch.
 */
export function watchForStall(timeoutMs: number, look: () => unknown, onStall: () => void): () => void {
  const tickMs = Math.max(1, Math.min(tickMsMax, timeoutMs / ticksPerTimeout));
  let seen = look();
  let unchangedMs = 0;
  const timer = setInterval(() => {
    const now = look();
    unchangedMs = now === seen && now !== undefined ? unchangedMs + tickMs : 0;
    seen = now;
    if (unchangedMs < timeoutMs) return;
    clearInterval(timer);
    onStall();
  }, tickMs);
  return () => clearInterval(timer);
}
