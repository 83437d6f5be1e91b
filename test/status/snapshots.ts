import { noMeasures } from "../../src/model/measures.js";
import type { Snapshot } from "../../src/model/snapshot.js";

interface Given extends Partial<Omit<Snapshot, "map" | "reduce" | "attempts">> {
  readonly map?: Partial<Snapshot["map"]>;
  readonly reduce?: Partial<Snapshot["reduce"]>;
  readonly attempts?: Partial<Snapshot["attempts"]>;
}

/** A job in its map phase, overridden by the given properties. */
export function snapshotOf(given: Given = {}): Snapshot {
  return {
    phase: "map",
    maps: tasks(40, 10),
    reduces: tasks(8, 0),
    workers: [workerOf("w1"), workerOf("w2")],
    mapsLost: 0,
    recordsSkipped: 0,
    warnings: { list: [], omitted: 0 },
    elapsedMs: 0,
    ...given,
    attempts: { failed: 0, crashed: 0, backup: 0, backupWon: 0, backupSavedMs: 0, ...given.attempts },
    map: { ...noMeasures(), ...given.map },
    reduce: { ...noMeasures(), ...given.reduce },
  };
}

export function tasks(total: number, completed: number): Snapshot["maps"] {
  return { total, completed, inProgress: 0, idle: total - completed };
}

export function workerOf(id: string, given: Partial<Snapshot["workers"][number]> = {}): Snapshot["workers"][number] {
  return { id, pid: 1, host: "here", isSilent: false, memoryBytes: 0, ...given };
}
