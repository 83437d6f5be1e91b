/** A coordinator in its own process, which regularly reports its resource use. Started by `cluster.ts`. */
import * as fs from "node:fs";
import { join } from "node:path";
import { Coordinator } from "../../src/coordinator/coordinator.js";
import { findInputs } from "../../src/input/files.js";
import { journalName } from "../../src/output/names.js";
import { jobOptions } from "../coordinator/job-options.js";
import type { CoordinatorMessage, CoordinatorStart } from "./messages.js";

const sampleIntervalMs = 250;
const mebibyte = 2 ** 20;

const { input, directory, socket, size, resume } = JSON.parse(process.argv[2] ?? "") as CoordinatorStart;
const startMs = performance.now();
const coordinator = await Coordinator.start({
  ...jobOptions(directory, socket),
  inputs: findInputs([input]),
  reducers: size.partitions,
  splitBytes: 1024,
  splitBytesGiven: true,
  args: {},
  backups: "none",
  resume,
  log: {
    info: () => undefined,
    warn: (message) => console.error(message),
    warnOfData: (message) => console.error(message),
  },
});
send({ type: "listening", startMs: performance.now() - startMs });
const samples = setInterval(sample, sampleIntervalMs);
const { snapshot, failure, outputs } = await coordinator.run();
clearInterval(samples);
sample();
send({ type: "ended", phase: snapshot.phase, failure: failure?.message, outputs: outputs.length });
process.disconnect();

function sample(): void {
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const { maps, reduces, workers } = coordinator.snapshot();
  const { user, system } = process.cpuUsage();
  send({
    type: "sample",
    maps: maps.completed,
    reduces: reduces.completed,
    workers: workers.length,
    residentMiB: rss / mebibyte,
    heapMiB: heapUsed / mebibyte,
    arraysMiB: arrayBuffers / mebibyte,
    journalMiB: (fs.statSync(join(directory, journalName), { throwIfNoEntry: false })?.size ?? 0) / mebibyte,
    openFiles: fs.readdirSync("/proc/self/fd").length,
    processorMs: (user + system) / 1000,
  });
}

function send(message: CoordinatorMessage): void {
  process.send?.(message);
}
