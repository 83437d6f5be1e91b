/**
 * The program of the workers that `mr run` starts. It has no command line of its own, and loads as little as possible
 * before it starts the thread of the app, which boots on another core meanwhile.
 */
import { Departure } from "../worker/departure.js";
import { Executor } from "../worker/executor-host.js";
import { exit } from "../terminal/exit.js";
import type { WorkerStart } from "./supervision.js";

// The reader may have seen enough (`| head`), or the disk of a log may be full. The job continues: its results are
// files.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

const start = JSON.parse(process.argv[2] ?? "") as WorkerStart;
const departure = new Departure();
const executor = Executor.start(start.app, start, departure.signal);
// The code that awaits it is not loaded yet.
executor.catch(() => undefined);

void import("./supervised-worker.js").then(async ({ work }) => exit(await work(start, executor, departure)));
