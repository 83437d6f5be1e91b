import type { State, Task } from "./model.js";
import { hasReadyTask } from "./assign.js";
import { awaitsCombines } from "./combine-tasks.js";
import { hasEnded, mapsAreDone, samplesAreDone, tasksOf } from "./model.js";

/**
 * Throws when the state contradicts itself. Tests and simulations call it after every step; a production coordinator
 * does not pay for it.
 */
export function checkInvariants(state: State, now: number): void {
  for (const task of [...state.samples, ...state.maps, ...state.combines, ...state.reduces]) checkTask(state, task);
  for (const worker of state.workers.values()) {
    const { running } = worker;
    if (running !== undefined) {
      require(running.task.attempts.get(running.attempt.number) ===
        running.attempt, `${worker.id} runs an attempt that its task has lost`);
      require(worker.state === "alive", `${worker.id} is silent and runs an attempt`);
      require(worker.parkedCall === undefined, `${worker.id} waits for a task and runs one`);
    }
    require(state.parked.has(worker) === (worker.parkedCall !== undefined), `${worker.id}: parked and call disagree`);
    const idle = worker.state === "alive" && worker.parkedCall !== undefined && !state.draining;
    require(!idle ||
      !hasReadyTask(state, now) ||
      state.phase === "waiting", `${worker.id} waits while tasks are pending`);
    require(worker.parkedCall === undefined || !hasEnded(state), `${worker.id} waits although the job has ended`);
  }
  if (state.phase !== "waiting") {
    for (const kind of ["sample", "map", "combine", "reduce"] as const) {
      const tasks = tasksOf(state, kind);
      const count = (wanted: Task["state"]): number => tasks.filter((task) => task.state === wanted).length;
      require(count("completed") === state.completed[kind], `the number of completed ${kind} tasks is wrong`);
      require(count("idle") === state.pending[kind].length, `the number of pending ${kind} tasks is wrong`);
    }
  }
  const mapsHaveBegun = state.maps.some(({ attemptsBegun }) => attemptsBegun > 0);
  require(samplesAreDone(state) || !mapsHaveBegun, "maps have begun before the boundaries are known");
  const isOver = mapsAreDone(state) && state.completed.reduce === state.reduces.length;
  require(state.phase !== "done" || isOver, "the job is done before its tasks");
  require(state.phase !== "reduce" || !isOver || state.awaitsChangedApp, "all tasks are done, but the job continues");
  require(state.phase !== "map" || !mapsAreDone(state), "the maps are done, but reduces do not begin");
  require(!state.draining ||
    hasEnded(state) ||
    state.inProgress.size > 0, "the job still drains although no attempt runs");
  require((state.phase === "failed") === (state.failure !== undefined), "a failure without its reason");
  for (const reduce of state.reduces) {
    require(reduce.state === "idle" ||
      !awaitsCombines(state, reduce), `reduce ${reduce.index} did not wait for combines`);
  }
  for (const [partition, combines] of state.combinesOf) {
    const ends = combines.map(({ range }) => range?.toMap ?? 0);
    const areAdjacent = combines.every(
      ({ range }, n) => range?.partition === partition && range.fromMap === (ends[n - 1] ?? 0),
    );
    require(areAdjacent && ends.at(-1) === state.maps.length, `the combines of partition ${partition} leave out files`);
  }
  const partitionBytes = new Float64Array(state.settings.reducers);
  for (const { commit } of state.maps) commit?.files?.addTo(partitionBytes, 1);
  require(partitionBytes.every((bytes, n) => bytes === state.partitionBytes[n]), "the sizes of partitions are wrong");
  const skips = state.maps.reduce((sum, { skip }) => sum + skip.size, 0);
  require(skips === state.skipped.length, "the number of skipped records is wrong");
  require(skips <= state.settings.badRecordsMax, "more records are skipped than allowed");
}

function checkTask(state: State, task: Task): void {
  const name = `${task.kind} ${task.index}`;
  require((task.state === "in-progress") ===
    task.attempts.size > 0, `${name}: ${task.state} with ${task.attempts.size} attempts`);
  require(task.attempts.size <= 2, `${name} has more than two attempts at once`);
  require((task.state === "idle") === state.pending[task.kind].includes(task), `${name}: pending and state disagree`);
  require((task.state === "in-progress") === state.inProgress.has(task), `${name}: in progress and state disagree`);
  require((task.state === "completed") === (task.commit !== undefined), `${name}: ${task.state}, commit disagrees`);
  let committing = 0;
  for (const [number, attempt] of task.attempts) {
    require(number === attempt.number && number <= task.attemptsBegun, `${name}: attempt ${number} is misfiled`);
    require(attempt.state === "running" ||
      attempt.state === "committing", `${name}: attempt ${number} is ${attempt.state}`);
    require(state.workers.get(attempt.worker)?.running?.attempt ===
      attempt, `${name}: attempt ${number} has no worker`);
    if (attempt.state === "committing") committing += 1;
  }
  require(committing <= 1, `${name} may be committed twice`);
}

function require(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}
