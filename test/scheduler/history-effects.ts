import type { Effect } from "../../src/scheduler/cluster/events.js";
import type { JournalRecord } from "../../src/scheduler/job/effects.js";
import type { Assignment } from "../../src/model/assignment.js";
import type { AttemptRef } from "../../src/model/attempt.js";

type Reply = Extract<Effect, { type: "reply" }>["result"];

/** Describes a reply in the words of a history. Files of combine tasks are numbered from `maps` on. */
export function describeReply(reply: Reply, maps: number): string {
  if ("keepsAttempt" in reply) return `it is ${reply.worker}${reply.keepsAttempt ? ", and keeps its attempt" : ""}`;
  if ("granted" in reply) return reply.granted ? "it may commit" : "it may not commit";
  if ("cancel" in reply)
    return reply.cancel.length === 0 ? "go on" : `stop ${reply.cancel.map(describeRef).join(", ")}`;
  if ("accepted" in reply) return `${reply.accepted ? "accepted" : "stale"}, then ${describeAssignment(reply.next)}`;
  if ("boundaries" in reply) return `the boundaries are ${reply.boundaries.join(", ") || "none"}`;
  if ("delayMs" in reply) {
    const { delayMs, count, spacingMs } = reply;
    return `it may begin ${count} calls of map, the first in ${delayMs}ms, ${spacingMs}ms apart`;
  }
  if (reply.type === "stale") return "stale";
  if (reply.type === "page") {
    const nameOf = (file: number) => (file < maps ? `map ${file}` : `combine ${file - maps}`);
    const inputs = reply.inputs.map(([file, attempt]) => `${nameOf(file)} attempt ${attempt}`).join(", ");
    return `${inputs || "no inputs"}${reply.next === undefined ? "" : `, and more from map ${reply.next}`}`;
  }
  return describeAssignment(reply);
}

/** Describes a journal record in the words of a history. */
export function describeJournaled(record: JournalRecord): string {
  switch (record.type) {
    case "planned":
      return `planned ${namesOf(record.splits) || "nothing"}${(record.sample ?? []).length === 0 ? "" : ", with samples"}`;
    case "combinesPlanned": {
      const ranges = record.ranges.map(
        ({ partition, fromMap, toMap }) => `maps ${fromMap} to ${toMap - 1} of ${partition}`,
      );
      return `planned to combine ${ranges.join(", ")}`;
    }
    case "appChanged":
      return `changed the app to ${record.app.name}`;
    case "began":
      return `began ${describeRef(record.ref)} on ${record.worker}`;
    case "committed": {
      const keys = record.sampled === undefined ? "" : `, keys ${record.sampled.join(", ") || "none"}`;
      const skips = record.newlySkipped?.records.map(([offset]) => offset).join(", ");
      const without = record.ref.kind === "combine" && record.outputs.length === 0 ? " without a file" : "";
      return `committed ${describeRef(record.ref)}${without}${keys}${skips === undefined ? "" : `, which skipped ${skips}`}`;
    }
    case "lost":
      return `lost ${record.kind} ${record.task}`;
    case "skipped":
      return `skipped the record at ${record.offset} of map ${record.task}`;
  }
}

export function describeRef({ kind, task, attempt }: AttemptRef): string {
  return `${kind} ${task} attempt ${attempt}`;
}

function describeAssignment(assignment: Assignment): string {
  switch (assignment.type) {
    case "map": {
      const { ref, splits, skip, marksRecords } = assignment;
      const without = skip.length === 0 ? "" : ` without the records at ${skip.join(", ")}`;
      return `run ${describeRef(ref)} on ${namesOf([splits])}${without}${marksRecords ? ", marking records" : ""}`;
    }
    case "sample":
      return `run ${describeRef(assignment.ref)} on ${namesOf(assignment.places.map((place) => [place]))}`;
    case "combine":
      return `run ${describeRef(assignment.ref)} for partition ${assignment.partition}`;
    case "reduce":
      return `run ${describeRef(assignment.ref)}`;
    case "wait":
      return "wait";
    case "exit":
      return `exit, ${assignment.outcome}`;
  }
}

function namesOf(tasks: readonly (readonly { readonly file: string }[])[]): string {
  return tasks.map((splits) => splits.map(({ file }) => file).join("+")).join(", ");
}
