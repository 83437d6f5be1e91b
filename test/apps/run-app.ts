import type { App, JsonValue, MapContext, TaskContext } from "mapreduce-ts";

/** An app with values of any type. Nothing may be asynchronous, and `map` emits through its context. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type PlainApp = Pick<App<any>, "map" | "mapBytes" | "reduce" | "reduceStream" | "writer">;

/** A part of a file's text, and its offset in the file. */
type Piece = readonly [filename: string, text: string, offset?: number];

/**
 * Runs an app over files in memory, in the simplest way, and returns its output lines by key. Counts into `counters`.
 */
export function runApp(
  app: PlainApp,
  pieces: readonly Piece[],
  args = {},
  counters: Record<string, number> = {},
): string[] {
  const task: Omit<TaskContext, "kind"> = {
    args,
    earlierCounters: [],
    task: 0,
    attempt: 1,
    signal: new AbortController().signal,
    log: () => undefined,
    file: (name) => name,
    sideFile: () => {
      throw new Error("there are no side files here");
    },
    counter: (name) => ({ add: (n = 1) => void (counters[name] = (counters[name] ?? 0) + n) }),
  };
  const groups = new Map<string, JsonValue[]>();
  const emitPair = (key: string, value: JsonValue): void => void groups.set(key, [...(groups.get(key) ?? []), value]);
  const decoded = (buffer: Uint8Array, start: number, end: number) => Buffer.from(buffer.slice(start, end)).toString();
  for (const [filename, text, offset = 0] of pieces) {
    const context: MapContext = {
      ...task,
      kind: "map",
      filename,
      offset,
      emit: emitPair,
      emitBytes: (buffer, start, end, value) => emitPair(decoded(buffer, start, end), value),
      emitSlices: (buffer, keyStart, keyEnd, valueStart, valueEnd) =>
        emitPair(decoded(buffer, keyStart, keyEnd), decoded(buffer, valueStart, valueEnd)),
    };
    void app.map?.(filename, text, context);
    void app.mapBytes?.(filename, Buffer.from(text), context);
  }
  const records: string[] = [];
  const emit = (key: string, value: JsonValue): void => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    records.push(text === "" ? `${key}\n` : `${key} ${text}\n`);
  };
  for (const key of [...groups.keys()].sort()) {
    const values = groups.get(key) ?? [];
    const context = { ...task, kind: "reduce", emit, output: () => ({ emit }) } as const;
    const value = app.reduce?.(key, values, context) ?? app.reduceStream?.(key, values, context);
    if (value !== undefined) emit(key, value as JsonValue);
  }
  return records.join("").split("\n").slice(0, -1);
}

/** The lines of a text as separate pieces, as apps with `input` `"lines"` receive them. */
export function linesOf(filename: string, text: string): Piece[] {
  let offset = 0;
  return text.split(/(?<=\n)/).map((line) => {
    offset += line.length;
    return [filename, line.replace(/\r?\n$/, ""), offset - line.length];
  });
}
