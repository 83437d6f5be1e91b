/**
 * The lines of a history, and the events that they stand for.
 *
 *     # What the history shows.
 *     settings: reducers 2, task timeout 10s, max attempts 4, max crashes 20, bad records 0, rate per second 50, no backups,
 *               combine from 1                              (each may be left out; or: backups behind peers)
 *
 *     0s the inputs are a.txt 100, b.txt 50                 (or: the inputs are nothing)
 *     0s the inputs are a.txt 100, b.txt 50, each is sampled
 *     0s w1 joins
 *     0s w1 asks for a task
 *     1s w1 asks to commit map 0 attempt 1
 *     1s w1 reports map 0 attempt 1 done
 *     1s w1 reports map 0 attempt 1 done, of 5 records, 40 bytes
 *     1s w1 reports map 0 attempt 1 done, and leaves
 *     1s w1 reports combine 0 attempt 1 done, without a file
 *     1s w1 reports sample 0 attempt 1 done, with keys a, b
 *     1s w1 asks for the boundaries
 *     1s w1 reserves 1 starts
 *     1s w1 fails map 0 attempt 1 with error "boom"         (or timeout, memory, io, crash, released, fatal)
 *     1s w1 fails map 0 attempt 1 with error "boom" at record 40 (or: at one of several records)
 *     1s w1 fails map 0 attempt 1 with error "boom" at record 40, after it skipped 2
 *     1s w1 reports map 0 attempt 1 done, skipping 40, 60
 *     1s w1 fails map 0 attempt 1 with released "it is to leave", and leaves
 *     1s w1 asks for the inputs of reduce 0 attempt 1
 *     1s w1 fails reduce 0 attempt 1 with damaged "mr-0-0 is too short" of map 0 attempt 1, combine 1 attempt 2
 *     2s w1 sends a heartbeat about map 0 attempt 1         (or: sends a heartbeat)
 *     2s w1 sends a heartbeat about map 0 attempt 1 at record 5, byte 40   (or: at record 5, byte 40, with 900 MiB)
 *     5s w1 answers the ping
 *     6s w1 disconnects                                     (or: disconnects at record 40)
 *     7s tick
 *     8s drain "interrupted"
 *     9s abort "interrupted"
 *     9s the coordinator is killed, and resumed             (or: is killed in its last record, and resumed)
 *     9s the coordinator is killed, and resumed without the outputs of 0, 1
 *     9s the coordinator is killed, and resumed for a changed app
 *     9s the app has changed
 *     9s w3 joins, it was w1 with map 0 attempt 1           (or: joins, it was w1)
 *
 * A map attempt has a file of one byte for each reduce task, and a combine attempt has one for its partition. The app has
 * a combine function if the settings say from how many bytes it is used.
 */
import type { Event } from "../../src/scheduler/cluster/events.js";
import type { JobState } from "../../src/scheduler/job/job.js";
import type { JobSettings } from "../../src/model/job.js";
import { noMeasures } from "../../src/model/measures.js";
import type { AttemptOutcome, AttemptRef, JobAttemptRef, NewlySkipped, OutputFile } from "../../src/model/attempt.js";
import { jobSettings } from "../support/job-settings.js";
import { ofJob } from "./one-job.js";

type FailedOutcome = Extract<AttemptOutcome, { type: "failed" }>;

const attemptPattern = "(?<kind>sample|map|combine|reduce) (?<task>\\d+) attempt (?<attempt>\\d+)";
const failurePattern =
  /^with (?<errorClass>error|timeout|memory|io|crash|damaged|released|fatal) "(?<message>.*)"(?: of (?<files>(?:map|combine) .+?))?(?: at record (?<record>\d+)(?:, after it skipped (?<skips>\d+))?| at (?<several>one of several records))?$/;

const leavingSuffix = ", and leaves";
const sampledSuffix = ", each is sampled";

const app = { name: "app.js", hash: "0", input: "file" } as const;
const changedApp = { ...app, hash: "1" };

/** Parses a line after its time; `call` is the number for its call, if it is one, and `state` that of the job before. */
export function readEvent(words: string, call: number, state: JobState): Event {
  if (words === "tick") return { type: "tick" };
  if (words === "the app has changed") return { type: "appChanged", job: "job", app: changedApp };
  if (words.startsWith("abort ")) return { type: "aborted", job: "job", message: textIn(words) };
  if (words.startsWith("drain ")) return { type: "drained", job: "job", message: textIn(words) };
  if (words.startsWith("the inputs are ")) return readInputs(words.slice("the inputs are ".length), state.settings);
  const { worker = "", does = "" } = match(/^(?<worker>w\d+) (?<does>.+)$/, words);
  if (does.startsWith("joins")) return readJoin(call, Number(worker.slice(1)), does);
  if (does === "asks for a task") return { type: "taskRequested", call, worker };
  if (does === "answers the ping") return { type: "heard", worker };
  if (does.startsWith("disconnects")) {
    const { record } = match(/^disconnects(?: at record (?<record>\d+))?$/, does);
    return { type: "disconnected", worker, ...(record === undefined ? {} : { record: Number(record) }) };
  }
  const { starts } = /^reserves (?<starts>\d+) starts$/.exec(does)?.groups ?? {};
  if (starts !== undefined) return { type: "startsAsked", call, worker, job: "job", wanted: Number(starts) };
  if (does === "asks for the boundaries") return { type: "boundariesAsked", call, worker, job: "job", from: 0 };
  if (does === "sends a heartbeat") return { type: "heartbeat", call, worker, attempts: [], memoryBytes: 0 };
  const { verb, rest = "", ...named } = match(new RegExp(`^(?<verb>.+?) ${attemptPattern}(?: (?<rest>.+))?$`), does);
  const ref = refOf(named);
  switch (verb) {
    case "asks for the inputs of":
      return { type: "inputsAsked", call, worker, ref, from: 0 };
    case "asks to commit":
      return { type: "commitAsked", call, worker, ref };
    case "sends a heartbeat about": {
      const {
        records = "1",
        bytes = "10",
        memory = "0",
      } = match(/^(?:at record (?<records>\d+), byte (?<bytes>\d+)(?:, with (?<memory>\d+) MiB)?)?$/, rest);
      const progress = { ref, records: Number(records), bytes: Number(bytes) };
      return { type: "heartbeat", call, worker, attempts: [progress], memoryBytes: Number(memory) * 2 ** 20 };
    }
    case "reports": {
      const { leaving, keys, skips, records, bytes, without } = match(
        /^done(?<without>, without a file)?(?:, of (?<records>\d+) records, (?<bytes>\d+) bytes)?(?:, skipping (?<skips>[\d, ]+?))?(?:, with keys (?<keys>[\w, ]+?))?(?<leaving>, and leaves)?$/,
        rest,
      );
      const outcome = {
        ...doneOutcome(ref, state),
        ...(without === undefined ? {} : { outputs: [] }),
        ...(records === undefined ? {} : { recordsIn: Number(records), bytesIn: Number(bytes) }),
        ...(skips === undefined ? {} : { newlySkipped: skipsAt(skips.split(", ").map(Number)) }),
        ...(keys === undefined ? {} : { sampled: keys.split(", ") }),
      };
      return { type: "attemptEnded", call, worker, ref, outcome, leaving: leaving !== undefined };
    }
    case "fails": {
      const leaving = rest.endsWith(leavingSuffix);
      const outcome = readFailure(leaving ? rest.slice(0, -leavingSuffix.length) : rest, state);
      return { type: "attemptEnded", call, worker, ref, outcome, leaving };
    }
    default:
      throw new Error(`no event in a history reads “${words}”`);
  }
}

export function readSettings(line: string): JobSettings {
  const value = (name: string): string | undefined => new RegExp(`${name} ([\\d.]+s?)`).exec(line)?.[1];
  return jobSettings({
    reducers: Number(value("reducers") ?? 1),
    taskTimeoutMs: readTime(value("task timeout") ?? "10s"),
    backups: line.includes("no backups")
      ? "none"
      : line.includes("backups behind peers")
        ? "behind-peers"
        : "after-timeout",
    maxAttempts: Number(value("max attempts") ?? 4),
    maxCrashes: Number(value("max crashes") ?? 20),
    badRecordsMax: Number(value("bad records") ?? 0),
    combineBytesMin: Number(value("combine from") ?? Infinity),
    ratePerSecond: value("rate per second") === undefined ? undefined : Number(value("rate per second")),
  });
}

/** In milliseconds. */
export function readTime(text: string): number {
  return Math.round(Number(text.slice(0, -1)) * 1000);
}

/** The named groups of a pattern that must match. */
export function match(pattern: RegExp, text: string): Partial<Record<string, string>> {
  const groups = pattern.exec(text)?.groups;
  if (groups === undefined) throw new Error(`no line of a history reads “${text}”`);
  return groups;
}

function readInputs(text: string, { combineBytesMin }: JobSettings): Event {
  const isSampled = text.endsWith(sampledSuffix);
  const inputs = isSampled ? text.slice(0, -sampledSuffix.length) : text;
  // `a 5+b 7`: one task reads both files.
  const splits = (inputs === "nothing" ? [] : inputs.split(", ")).map((ofTask) =>
    ofTask.split("+").map((input) => {
      const { file = "", bytes } = match(/^(?<file>\S+) (?<bytes>\d+)$/, input);
      return { file, path: `/${file}`, startBytes: 0, endBytes: Number(bytes) };
    }),
  );
  const sample = isSampled ? { sample: splits } : {};
  const combining = combineBytesMin === Infinity ? {} : ({ combines: true } as const);
  return { type: "planned", job: "job", app: { ...app, ...combining }, args: {}, splits, ...sample };
}

function readJoin(call: number, pid: number, does: string): Event {
  const joined = { type: "registered", call, pid, host: "host" } as const;
  if (does === "joins") return joined;
  const pattern = new RegExp(`^joins, it was (?<worker>w\\d+)(?: with ${attemptPattern})?$`);
  const { worker = "", ...named } = match(pattern, does);
  return { ...joined, former: { worker, attempt: named["kind"] === undefined ? undefined : refOf(named) } };
}

function readFailure(text: string, state: JobState): FailedOutcome {
  const { errorClass, message = "", files, record, skips, several } = match(failurePattern, text);
  const damaged = files?.split(", ").map((file): [number, number] => {
    const { kind, task, attempt } = match(new RegExp(`^${attemptPattern}$`), file);
    return [Number(task) + (kind === "combine" ? state.maps.length : 0), Number(attempt)];
  });
  return {
    type: "failed",
    class: errorClass as FailedOutcome["class"],
    message,
    ...(record === undefined ? {} : { record: Number(record) }),
    ...(skips === undefined ? {} : { skippedBefore: Number(skips) }),
    ...(several === undefined ? {} : { severalAtWork: true }),
    ...(damaged === undefined ? {} : { damaged }),
  };
}

/** Records of ten bytes that an attempt skipped, each with an error of its own. */
function skipsAt(offsets: readonly number[]): NewlySkipped {
  return {
    messages: offsets.map((offset) => `bad at ${offset}`),
    frames: [""],
    records: offsets.map((offset, index) => [offset, offset + 10, index, 0]),
  };
}

function refOf({ kind, task, attempt }: Partial<Record<string, string>>): JobAttemptRef {
  return ofJob({ kind: kind as AttemptRef["kind"], task: Number(task), attempt: Number(attempt) });
}

function doneOutcome(ref: AttemptRef, { settings: { reducers }, combines }: JobState): AttemptOutcome {
  const partitions = Array.from({ length: ref.kind === "map" ? reducers : 0 }, (_, partition) => partition);
  const combined = ref.kind === "combine" ? [combines[ref.task]?.range?.partition ?? 0] : [];
  const outputs = [...partitions, ...combined].map((partition): OutputFile => [partition, 1, 1]);
  const ofOutput = ref.kind === "reduce" || (ref.kind === "map" && reducers === 0) ? { checksum: 7 } : {};
  const measures = { ...noMeasures(), recordsIn: 1, recordsOut: 1, bytesIn: 1, bytesOut: 1, keys: 1 };
  return { type: "done", outputs, skipped: [], sideFiles: [], ...ofOutput, ...measures };
}

function textIn(words: string): string {
  return match(/^\w+ "(?<text>.*)"$/, words)["text"] ?? "";
}
