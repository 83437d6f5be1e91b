import type { JsonValue, MapContext, ReduceContext, TaskContext } from "mapreduce-ts";

/** The text apps: values are strings, nothing is asynchronous, and `map` emits by `ctx.emit`. */
interface TextApp {
  map(key: string, value: string, ctx: MapContext<string>): void;
  reduce(key: string, values: string[], ctx: ReduceContext): string | void;
}

/** Runs an app over files in memory, in the plainest way, and returns its output lines by key. */
export function runApp(app: TextApp, files: readonly (readonly [string, string])[], args = {}): string[] {
  const task: TaskContext = {
    args,
    task: 0,
    attempt: 1,
    signal: new AbortController().signal,
    log: () => undefined,
    counter: () => ({ add: () => undefined }),
  };
  const groups = new Map<string, string[]>();
  for (const [filename, contents] of files) {
    const emit = (key: string, value: string): void => {
      groups.set(key, [...(groups.get(key) ?? []), value]);
    };
    app.map(filename, contents, { ...task, filename, offset: 0, emit });
  }
  const lines: string[] = [];
  const emit = (key: string, value: JsonValue): void =>
    void lines.push(`${key} ${typeof value === "string" ? value : JSON.stringify(value)}`);
  for (const key of [...groups.keys()].sort()) {
    const value = app.reduce(key, groups.get(key) ?? [], { ...task, emit });
    if (value !== undefined) emit(key, value);
  }
  return lines;
}
