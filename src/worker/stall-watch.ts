const ticksPerTimeout = 20;
const tickMsMax = 1000;

/**
 * Looks, until it is stopped, whether something changes, and calls `onStall` once when it has not for `timeoutMs`.
 * `look` gives undefined while it may take any time.
 *
 * What counts is time in which this process ran: a tick that comes late is one tick. So nothing is found to be stuck
 * because the machine slept or somebody stopped all of it.
 *
 * Returns the function that stops it.
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
