import type { JobPlan } from "./workload.js";
import type { Random } from "./random.js";

/** A fault. `which` selects one of several workers or files: the number modulo how many there are. */
export type Fault =
  | { readonly kind: "kill-worker" | "terminate-worker"; readonly which: number }
  | { readonly kind: "kill-all-workers" }
  | { readonly kind: "stop-worker"; readonly which: number; readonly forMs: number }
  | { readonly kind: "stop-coordinator"; readonly forMs: number }
  /** Ends the coordinator with a signal; later it is restarted to resume the job. Its journal loses `tornBytes`. */
  | {
      readonly kind: "kill-coordinator" | "kill-everything" | "drain-coordinator";
      readonly pauseMs: number;
      readonly tornBytes: number;
    }
  /** `share` is the position in the file. */
  | { readonly kind: "delete-file" | "flip-byte" | "truncate-file"; readonly which: number; readonly share: number }
  | { readonly kind: "delete-all-files" }
  | { readonly kind: "fill-disk"; readonly forMs: number }
  | { readonly kind: "rubbish-client"; readonly rubbish: Rubbish; readonly forMs: number };

export type Rubbish = (typeof rubbishes)[number];

const rubbishes = [
  "bytes",
  "endless-line",
  "unknown-calls",
  "wrong-shapes",
  "many-connections",
  "half-message",
] as const;

/** When a fault happens: this long after the start, or after this many finished files of a kind. */
export interface Trigger {
  readonly after: "start" | "journal" | "intermediate" | "output";
  readonly files: number;
  readonly thenMs: number;
}

export interface PlannedFault {
  readonly fault: Fault;
  readonly trigger: Trigger;
}

const weights: Readonly<Record<Fault["kind"], number>> = {
  "kill-worker": 5,
  "kill-all-workers": 1,
  "terminate-worker": 2,
  "stop-worker": 4,
  "stop-coordinator": 2,
  "kill-coordinator": 6,
  "kill-everything": 1,
  "drain-coordinator": 3,
  "delete-file": 2,
  "flip-byte": 2,
  "truncate-file": 2,
  "delete-all-files": 1,
  "fill-disk": 2,
  "rubbish-client": 4,
};

/** Plans the faults of a job: mostly a few, sometimes none. */
export function planFaults(
  random: Random,
  { mode, taskTimeoutMs, reducers }: Pick<JobPlan, "mode" | "taskTimeoutMs" | "reducers">,
  without: ReadonlySet<string>,
): PlannedFault[] {
  // `mr run` has no named socket.
  const possible = Object.entries(weights).filter(
    ([kind]) => !without.has(kind) && !(mode === "run" && kind === "rubbish-client"),
  );
  const kinds = Object.fromEntries(possible) as Partial<Record<Fault["kind"], number>>;
  if (possible.length === 0) return [];
  const count = random.chance(0.1) ? 0 : random.chance(0.2) ? random.integer(6, 12) : random.integer(1, 5);
  return Array.from({ length: count }, () => {
    const fault = planFault(random, random.pickWeighted(kinds), taskTimeoutMs);
    return { fault, trigger: planTrigger(random, fault.kind, reducers) };
  });
}

function planFault(random: Random, kind: Fault["kind"], taskTimeoutMs: number): Fault {
  const which = random.integer(0, 1_000_000);
  switch (kind) {
    case "kill-worker":
    case "terminate-worker":
      return { kind, which };
    case "kill-all-workers":
    case "delete-all-files":
      return { kind };
    case "stop-worker":
      return {
        kind,
        which,
        forMs: Math.round(taskTimeoutMs * (random.chance(0.2) ? 0.5 : 1.1 + random.fraction() * 2)),
      };
    case "stop-coordinator":
      return { kind, forMs: random.integer(50, 3000) };
    case "kill-coordinator":
    case "kill-everything":
    case "drain-coordinator":
      return {
        kind,
        pauseMs: random.chance(0.5) ? 0 : random.integer(10, 1500),
        tornBytes: kind !== "drain-coordinator" && random.chance(0.3) ? random.integer(1, 400) : 0,
      };
    case "delete-file":
    case "flip-byte":
    case "truncate-file":
      return { kind, which, share: random.fraction() };
    case "fill-disk":
      return { kind, forMs: random.integer(50, 1500) };
    case "rubbish-client":
      return { kind, rubbish: random.pick(rubbishes), forMs: random.integer(10, 2000) };
  }
}

function planTrigger(random: Random, kind: Fault["kind"], reducers: number): Trigger {
  const damagesFiles = ["delete-file", "flip-byte", "truncate-file", "delete-all-files"].includes(kind);
  const after = damagesFiles
    ? "intermediate"
    : random.pickWeighted({ start: 3, journal: 1, intermediate: 4, output: 3 } as const);
  switch (after) {
    case "start":
      return { after, files: 0, thenMs: random.integer(0, 2500) };
    case "journal":
      return { after, files: 1, thenMs: random.integer(0, 50) };
    case "intermediate":
      return { after, files: random.integer(1, random.chance(0.5) ? 5 : 60), thenMs: random.integer(0, 400) };
    case "output":
      return { after, files: random.integer(1, reducers), thenMs: random.integer(0, random.chance(0.5) ? 10 : 150) };
  }
}
