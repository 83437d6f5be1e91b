import { Writable } from "node:stream";
import xterm from "@xterm/headless";
import { describe, expect, test, vi } from "vitest";
import { createProgressBars, createProgressLines } from "../../src/status/progress.js";
import { snapshotOf, tasks } from "./snapshots.js";

/** An inspectable terminal, as the stream that writes to it. */
class Screen extends Writable {
  readonly isTTY = true;
  writes = 0;
  readonly #terminal: xterm.Terminal;
  #written = Promise.resolve();

  constructor(cols: number, rows: number) {
    super({ decodeStrings: false });
    this.#terminal = new xterm.Terminal({ cols, rows, allowProposedApi: true, convertEol: true });
  }

  get stream(): NodeJS.WriteStream {
    return this as unknown as NodeJS.WriteStream;
  }

  get columns(): number {
    return this.#terminal.cols;
  }

  get rows(): number {
    return this.#terminal.rows;
  }

  override _write(text: string, _encoding: string, done: () => void): void {
    this.writes += 1;
    this.#written = new Promise((resolve) => this.#terminal.write(text, resolve));
    done();
  }

  async resize(cols: number, rows: number): Promise<void> {
    await this.#written;
    this.#terminal.resize(cols, rows);
  }

  /** The non-empty rows, including rows that were scrolled away. */
  async lines(): Promise<string[]> {
    await this.#written;
    const buffer = this.#terminal.buffer.active;
    const lines = Array.from({ length: buffer.length }, (_, y) => buffer.getLine(y)?.translateToString(true) ?? "");
    return lines.filter((line) => line !== "");
  }
}

const begun = snapshotOf({ maps: tasks(40, 20) });
const later = snapshotOf({ maps: tasks(40, 30) });
const bars = ["map    ████████████░░░░░░░░░░░░ 20/40", "reduce ░░░░░░░░░░░░░░░░░░░░░░░░   0/8", "       2 workers"];

describe("the bars on a terminal", () => {
  test("stay below log lines, and disappear at the end", async () => {
    const screen = new Screen(60, 10);
    screen.stream.write("$ mr run\n");
    const view = await createProgressBars(screen.stream);
    view.log("before");
    view.show(begun);
    view.log("meanwhile");
    expect(await screen.lines()).toEqual(["$ mr run", "before", "meanwhile", ...bars]);
    view.show(later);
    expect((await screen.lines())[3]).toBe("map    ██████████████████░░░░░░ 30/40");
    view.log("at the end");
    view.end();
    expect(await screen.lines()).toEqual(["$ mr run", "before", "meanwhile", "at the end"]);
  });

  test("are written only when something has changed", async () => {
    const screen = new Screen(60, 10);
    const view = await createProgressBars(screen.stream);
    view.show(begun);
    const { writes } = screen;
    view.show(begun);
    expect(screen.writes).toBe(writes);
    view.show(later);
    expect(screen.writes).toBe(writes + 1);
  });

  test.each([
    [20, 10],
    [13, 10],
    [100, 10],
    [60, 4],
  ])("leave nothing behind when the terminal becomes one of %d columns and %d rows", async (columns, rows) => {
    const screen = new Screen(60, 10);
    screen.stream.write("$ mr run\n");
    const view = await createProgressBars(screen.stream);
    view.show(begun);
    await screen.resize(columns, rows);
    view.show(begun);
    await screen.resize(columns - 2, rows);
    view.log("x");
    view.show(begun);
    expect((await screen.lines()).filter((line) => line.startsWith("map"))).toHaveLength(1);
    await screen.resize(60, 10);
    view.end();
    expect(await screen.lines()).toEqual(["$ mr run", "x"]);
  });
});

test("lines in a pipe come at intervals, which double while they repeat", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    const written: [seconds: number, line: string][] = [];
    const write = (line: string) => written.push([performance.now() / 1000, line.trim()]);
    const view = createProgressLines({ write } as unknown as NodeJS.WriteStream, "mr run", 5000);
    for (let second = 0; second <= 50; second++) {
      view.show(second < 40 ? begun : later);
      vi.advanceTimersByTime(1000);
    }
    const [first] = written;
    expect(written.map(([seconds, line]) => [seconds - (first?.[0] ?? 0), /map [^,]*/.exec(line)?.[0]])).toEqual([
      [0, "map 20/40"],
      [5, "map 20/40"],
      [15, "map 20/40"],
      [35, "map 30/40"],
      [40, "map 30/40"],
    ]);
  } finally {
    vi.useRealTimers();
  }
});
