import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let runCollector: (() => void) | undefined;

/** Collects all garbage of this thread at once. */
export function collectGarbage(): void {
  if (runCollector === undefined) {
    // Without the flag on the command line, only a context that is created later has the function.
    setFlagsFromString("--expose-gc");
    runCollector = runInNewContext("gc") as () => void;
    setFlagsFromString("--no-expose-gc");
  }
  runCollector();
}
