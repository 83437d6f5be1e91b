import fc from "fast-check";

/** The result of fuzzing a target. */
interface Outcome {
  /** How many inputs were tried. */
  readonly inputs: number;
  readonly finding?: Finding;
}

/** The shortest input found on which a target fails, and how to reproduce it. */
interface Finding {
  readonly seed: number;
  readonly path: string;
  readonly counterexample: string;
  readonly error: string;
}

/**
 * Tries at least this many inputs, or until one fails. The seed alone determines them. With the `path` of a finding,
 * tries only that one.
 */
export type Target = (seed: number, inputs: number, path?: string) => Promise<Outcome>;

/** An asynchronous check that takes longer hangs. */
const checkTimeoutMs = 20_000;
/** After this many values, the next seed is used, so that fast-check's memory of a run stays small. */
const valuesPerSeed = 100;

/**
 * A target of generated values. `check` throws when something is wrong, and returns how many inputs the value
 * contained.
 */
export function targetOf<Value>(
  arbitrary: fc.Arbitrary<Value>,
  check: (value: Value) => Promise<number> | number,
  show: (value: Value) => string,
): Target {
  return async (seed, inputs, path) => {
    let tried = 0;
    const property = fc.asyncProperty(arbitrary, async (value) => {
      tried += await check(value);
    });
    const common = { timeout: checkTimeoutMs, numRuns: valuesPerSeed };
    for (let roundSeed = seed; tried < inputs; roundSeed = (roundSeed + 1) | 0) {
      const replayed = path === undefined ? {} : { path };
      const details = await fc.check(property, { ...common, ...replayed, seed: roundSeed });
      if (details.failed) {
        const error = details.errorInstance;
        const finding = {
          seed: details.seed,
          path: details.counterexamplePath ?? "",
          counterexample: details.counterexample === null ? "none" : show(details.counterexample[0]),
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        };
        return { inputs: tried, finding };
      }
      if (path !== undefined) break;
      // A check that never waits leaves no time for the timers that show progress.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { inputs: tried };
  };
}
