/**
 * Runs history files: a script of what happens to a job, with what the scheduler does about it indented under each line,
 * in the manner of etcd's `rafttest/testdata`. A history is golden text: it is read and believed once, and compared
 * literally from then on.
 *
 *     # What the history shows.
 *     settings: reducers 2, task timeout 10s, max attempts 4, max crashes 20     (each may be left out)
 *
 *     0s the inputs are a.txt 100, b.txt 50                 (or: the inputs are nothing)
 *     0s w1 joins
 *     0s w1 asks for a task
 *     1s w1 asks to commit map 0 attempt 1
 *     1s w1 reports map 0 attempt 1 done
 *     1s w1 fails map 0 attempt 1 with error "boom"         (or crash, or fatal)
 *     2s w1 sends a heartbeat about map 0 attempt 1         (or: sends a heartbeat)
 *     5s w1 answers the ping
 *     6s w1 disconnects
 *     7s tick
 *     8s abort "interrupted"
 *
 * The attempt 1 of map task 0 leaves a file `m0.1/r0` for reduce task 0, and so on.
 */
import { createState } from "../../../src/coordinator/core/create.js";
import { checkInvariants } from "../../../src/coordinator/core/invariants.js";
import type { Effect, Event, JobSettings } from "../../../src/coordinator/core/model.js";
import { step } from "../../../src/coordinator/core/step.js";
import type { AttemptOutcome, AttemptRef } from "../../../src/rpc/protocol.js";

/** What replies are called after: the worker that called, when, and the event that the call became. */
interface Call {
  readonly worker: string;
  readonly time: string;
  readonly event: Event["type"];
}

type Reply = Extract<Effect, { type: "reply" }>["result"];

/** Plays the events of a history; returns its text with the effects that they give now. */
export function replayHistory(text: string): string {
  const lines = text.split("\n").filter((line) => !line.startsWith("    "));
  const settings = readSettings(lines.find((line) => line.startsWith("settings:")) ?? "");
  const state = createState(settings, undefined, 0);
  const calls: Call[] = [];
  let time = "0s";
  let current: number | undefined;
  return lines
    .flatMap((line) => {
      if (line === "" || line.startsWith("#") || line.startsWith("settings:")) return [line];
      const { time: givenTime, words } = match(/^(?:(?<time>[\d.]+s) +)?(?<words>.+)$/, line);
      if (givenTime !== undefined) time = givenTime;
      const event = readEvent(words ?? "", calls.length, settings);
      current = "call" in event ? event.call : undefined;
      if ("call" in event) {
        const worker = event.type === "registered" ? `w${event.pid}` : event.worker;
        calls.push({ worker, time, event: event.type });
      }
      const effects = step(state, event, readTime(time));
      checkInvariants(state);
      return [line, ...(effects.length === 0 ? ["(nothing)"] : effects.map(describe)).map((effect) => `    ${effect}`)];
    })
    .join("\n");

  function describe(effect: Effect): string {
    switch (effect.type) {
      case "reply":
        return `${callName(effect.call)}: ${describeReply(effect.result)}`;
      case "unknownWorker":
        return `${callName(effect.call)}: error, there is no worker ${effect.worker}`;
      case "ping":
        return `ping ${effect.worker}`;
      case "cancel":
        return `cancel ${describeRef(effect.ref)} on ${effect.worker}`;
      case "shutdown":
        return `shut ${effect.worker} down: ${effect.outcome}`;
      case "log":
        return `log ${effect.level}: ${effect.message}`;
      case "jobEnded":
        return `the job has ended: ${effect.outcome}${state.failure === undefined ? "" : `, ${state.failure.message}`}`;
    }
  }

  /** A reply to the call just made needs no more than the worker's name; to an earlier one, when it was made. */
  function callName(index: number): string {
    const call = calls[index];
    if (call === undefined) throw new Error(`an answer to call ${index}, which nobody made`);
    return `reply to ${call.worker}${index === current ? "" : `, which asked at ${call.time}`}`;
  }
}

function readEvent(words: string, call: number, settings: JobSettings): Event {
  if (words === "tick") return { type: "tick" };
  if (words.startsWith("abort "))
    return { type: "aborted", message: match(/^abort "(?<text>.*)"$/, words)["text"] ?? "" };
  if (words.startsWith("the inputs are ")) return readInputs(words.slice("the inputs are ".length));
  const { worker = "", does = "" } = match(/^(?<worker>w\d+) (?<does>.+)$/, words);
  if (does === "joins") return { type: "registered", call, pid: Number(worker.slice(1)), host: "host" };
  if (does === "asks for a task") return { type: "taskRequested", call, worker };
  if (does === "answers the ping") return { type: "heard", worker };
  if (does === "disconnects") return { type: "disconnected", worker };
  if (does === "sends a heartbeat") return { type: "heartbeat", call, worker, attempts: [], memoryBytes: 0 };
  const { verb, kind, task, attempt, rest } = match(
    /^(?<verb>.+?) (?<kind>map|reduce) (?<task>\d+) attempt (?<attempt>\d+)(?: (?<rest>.+))?$/,
    does,
  );
  const ref: AttemptRef = { kind: kind === "map" ? "map" : "reduce", task: Number(task), attempt: Number(attempt) };
  switch (verb) {
    case "asks to commit":
      return { type: "commitAsked", call, worker, ref };
    case "sends a heartbeat about":
      return { type: "heartbeat", call, worker, attempts: [{ ref, records: 1, bytes: 10 }], memoryBytes: 0 };
    case "reports":
      return { type: "attemptEnded", call, worker, ref, outcome: doneOutcome(ref, settings.reducers) };
    case "fails": {
      const { errorClass, message = "" } = match(
        /^with (?<errorClass>error|crash|fatal) "(?<message>.*)"$/,
        rest ?? "",
      );
      return {
        type: "attemptEnded",
        call,
        worker,
        ref,
        outcome: { type: "failed", class: errorClass as "error" | "crash" | "fatal", message },
      };
    }
    default:
      throw new Error(`no event in a history reads “${words}”`);
  }
}

function readInputs(text: string): Event {
  const splits = (text === "nothing" ? [] : text.split(", ")).map((input) => {
    const { file = "", bytes } = match(/^(?<file>\S+) (?<bytes>\d+)$/, input);
    return { file, path: `/${file}`, startBytes: 0, endBytes: Number(bytes) };
  });
  return { type: "planned", app: { name: "app.js", hash: "0", input: "file" }, args: {}, splits };
}

function doneOutcome(ref: AttemptRef, reducers: number): AttemptOutcome {
  const outputs = Array.from({ length: ref.kind === "map" ? reducers : 0 }, (_, partition) => ({
    partition,
    location: `m${ref.task}.${ref.attempt}/r${partition}`,
    bytes: 1,
    checksum: 1,
  }));
  return { type: "done", outputs, recordsIn: 1, recordsOut: 1, bytesIn: 1, bytesOut: 1, counters: [] };
}

function readSettings(line: string): JobSettings {
  const value = (name: string): string | undefined => new RegExp(`${name} ([\\d.]+s?)`).exec(line)?.[1];
  return {
    id: "job",
    directory: "/job",
    heartbeatIntervalMs: 1000,
    reducers: Number(value("reducers") ?? 1),
    collectorBytes: 1,
    taskTimeoutMs: readTime(value("task timeout") ?? "10s"),
    maxAttempts: Number(value("max attempts") ?? 4),
    maxCrashes: Number(value("max crashes") ?? 20),
  };
}

function readTime(text: string): number {
  return Math.round(Number(text.slice(0, -1)) * 1000);
}

function match(pattern: RegExp, text: string): Partial<Record<string, string>> {
  const groups = pattern.exec(text)?.groups;
  if (groups === undefined) throw new Error(`no line of a history reads “${text}”`);
  return groups;
}

function describeReply(reply: Reply): string {
  if ("job" in reply) return `it is ${reply.worker}`;
  if ("granted" in reply) return reply.granted ? "it may commit" : "it may not commit";
  if ("cancel" in reply)
    return reply.cancel.length === 0 ? "go on" : `stop ${reply.cancel.map(describeRef).join(", ")}`;
  if ("accepted" in reply) return `${reply.accepted ? "accepted" : "stale"}, then ${describeReply(reply.next)}`;
  switch (reply.type) {
    case "map":
      return `run ${describeRef(reply.ref)} on ${reply.split.file}`;
    case "reduce":
      return `run ${describeRef(reply.ref)} on ${reply.inputs.map((file) => file.location).join(" ") || "nothing"}`;
    case "wait":
      return "wait";
    case "exit":
      return `exit, ${reply.outcome}`;
  }
}

function describeRef({ kind, task, attempt }: AttemptRef): string {
  return `${kind} ${task} attempt ${attempt}`;
}
