import type { Snapshot } from "../rpc/protocol.js";

/** Shows how far a job is, and lets other lines be written meanwhile. */
export interface ProgressView {
  show(snapshot: Snapshot): void;
  /** Writes a line that stays. */
  log(line: string): void;
  /** Takes away what is not to stay. */
  end(): void;
}

/** Two bars on a terminal, one for each phase, drawn anew as the job goes on and gone at its end. */
export async function createProgressBars(stream: NodeJS.WriteStream): Promise<ProgressView> {
  // Loaded here, since most jobs are over before there is anything to show.
  const { MultiBar, Presets } = await import("cli-progress");
  const bars = new MultiBar(
    {
      stream,
      format: "{phase} {bar} {value}/{total}  {note}",
      barsize: 24,
      clearOnComplete: true,
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  const map = bars.create(0, 0, { phase: "map   ", note: "" });
  const reduce = bars.create(0, 0, { phase: "reduce", note: "" });
  return {
    show(snapshot) {
      map.setTotal(snapshot.maps.total);
      map.update(snapshot.maps.completed, { note: workersText(snapshot) });
      reduce.setTotal(snapshot.reduces.total);
      reduce.update(snapshot.reduces.completed);
    },
    log: (line) => bars.log(`${line}\n`),
    end() {
      bars.update(); // What was logged since the last drawing would be lost.
      bars.stop();
    },
  };
}

/** A line now and then, for a log file or a pipe. */
export function createProgressLines(stream: NodeJS.WriteStream, program: string, intervalMs: number): ProgressView {
  let nextMs = performance.now() + intervalMs;
  return {
    show(snapshot) {
      if (performance.now() < nextMs) return;
      nextMs = performance.now() + intervalMs;
      const { maps, reduces } = snapshot;
      const tasks = `map ${maps.completed}/${maps.total}, reduce ${reduces.completed}/${reduces.total}`;
      stream.write(`${program}: ${maps.total === 0 ? "" : `${tasks}, `}${workersText(snapshot)}\n`);
    },
    log: (line) => void stream.write(`${line}\n`),
    end: () => undefined,
  };
}

function workersText({ phase, workers }: Snapshot): string {
  if (phase === "waiting") return "waiting for the first worker";
  const silent = workers.filter(({ isSilent }) => isSilent).length;
  return `${workers.length} ${workers.length === 1 ? "worker" : "workers"}${silent === 0 ? "" : ` (${silent} silent)`}`;
}
