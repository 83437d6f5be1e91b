/** The faults of a simulation: a list derived from its seed, where any part can be left out. */
import type { FailureClass } from "../../src/model/attempt.js";
import { Random } from "./random.js";

export type Fault = { readonly atMs: number } & (
  | { type: "kill worker"; worker: number; backAfterMs: number }
  | { type: "stop worker"; worker: number; forMs: number }
  | { type: "worker leaves"; worker: number; patienceMs: number }
  | { type: "cut connection"; worker: number; workerNoticesMs: number; coordinatorNoticesMs: number }
  | { type: "kill coordinator"; how: Death; backAfterMs: number; losesOutput: number | undefined }
  | { type: "stop coordinator"; forMs: number }
  | { type: "crash machine"; backAfterMs: number }
  | { type: "drain"; backAfterMs: number; patienceMs: number }
  | { type: "abort" }
  | { type: "damage file"; which: number; how: "delete" | "flip" | "cut" | "empty" | "another" }
  | { type: "attempt fails"; class: Exclude<FailureClass, "damaged">; atRecord: boolean }
  | { type: "bad record"; map: number; record: number; kills: boolean }
  | { type: "full disk"; forMs: number }
  | { type: "slow tasks"; forMs: number; factor: number }
  | { type: "bad weather"; forMs: number; kind: "loss" | "duplication" | "reordering"; probability: number }
);

/** When a coordinator dies in its step: at any time; with some records written; with some replies sent. */
export type Death = { when: "now" } | { when: "writing"; share: number } | { when: "replying"; share: number };

/** Faults happen up to this time; later there are no more. */
export const faultsEndMs = 1200;

/** How much a job tolerates. */
export interface Patience {
  /** Attempts may fail and crash without limit. */
  readonly isEndless: boolean;
  /** Bad records may be skipped. */
  readonly skipsRecords: boolean;
}

const weights: Readonly<Record<Fault["type"], number>> = {
  "kill worker": 3,
  "stop worker": 3,
  "worker leaves": 1,
  "cut connection": 3,
  "kill coordinator": 3,
  "stop coordinator": 1,
  "crash machine": 1,
  drain: 1,
  abort: 0.3,
  "damage file": 6,
  "attempt fails": 3,
  "bad record": 2,
  "full disk": 1,
  "slow tasks": 2,
  "bad weather": 2,
};

/** Each fault is drawn from its own stream, so that leaving one out does not change the others. */
export function drawFaults(seed: number, patience: Patience): Fault[] {
  const count = new Random(seed, "faults").below(13);
  return Array.from({ length: count }, (_, index) => drawFault(new Random(seed, "fault", index), patience));
}

function drawFault(random: Random, patience: Patience): Fault {
  // Without faults, most jobs end before.
  const atMs = 1 + Math.floor(faultsEndMs * random.next() ** 2);
  const forMs = random.between(20, random.chance(0.5) ? 200 : 1200);
  const backAfterMs = random.between(1, 300);
  const type = drawType(random, patience);
  switch (type) {
    case "kill worker":
      return { atMs, type, worker: random.below(8), backAfterMs };
    case "worker leaves":
      return { atMs, type, worker: random.below(8), patienceMs: random.below(100) };
    case "stop worker":
      return { atMs, type, worker: random.below(8), forMs };
    case "cut connection": {
      const [early, late] = [random.below(20), random.below(1500)];
      const isWorkerEarly = random.chance(0.7);
      const [workerNoticesMs, coordinatorNoticesMs] = isWorkerEarly ? [early, late] : [late, early];
      return { atMs, type, worker: random.below(8), workerNoticesMs, coordinatorNoticesMs };
    }
    case "kill coordinator": {
      const when = random.pick(["now", "writing", "replying"] as const);
      const how: Death = when === "now" ? { when } : { when, share: random.next() };
      return { atMs, type, how, backAfterMs, losesOutput: random.chance(0.2) ? random.below(3) : undefined };
    }
    case "stop coordinator":
      return { atMs, type, forMs };
    case "crash machine":
      return { atMs, type, backAfterMs };
    case "drain":
      return { atMs, type, backAfterMs, patienceMs: random.chance(0.3) ? 5 : 2000 };
    case "abort":
      return { atMs, type };
    case "damage file":
      return { atMs, type, which: random.below(100), how: random.pick(["delete", "flip", "cut", "empty", "another"]) };
    case "attempt fails": {
      const classes = ["error", "timeout", "memory", "io", "crash"] as const;
      const isFatal = !patience.isEndless && random.chance(0.2);
      return { atMs, type, class: isFatal ? "fatal" : random.pick(classes), atRecord: random.chance(0.5) };
    }
    case "bad record":
      return { atMs, type, map: random.below(4), record: random.below(4), kills: random.chance(0.3) };
    case "full disk":
      return { atMs, type, forMs };
    case "slow tasks":
      return { atMs, type, forMs, factor: random.between(3, 30) };
    case "bad weather": {
      const kind = random.pick(["loss", "duplication", "reordering"] as const);
      return { atMs, type, forMs, kind, probability: random.next() * (kind === "loss" ? 0.1 : 0.5) };
    }
  }
}

function drawType(random: Random, { isEndless, skipsRecords }: Patience): Fault["type"] {
  const possible = (Object.entries(weights) as [Fault["type"], number][]).filter(([type]) => {
    if (type === "bad record") return skipsRecords;
    return type !== "abort" || !isEndless;
  });
  let left = random.next() * possible.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [type, weight] of possible) {
    left -= weight;
    if (left < 0) return type;
  }
  return "kill worker";
}
