import { awaitsCombines } from "./combine-tasks.js";
import { type JobState, hasEnded, mapsAreDone, samplesAreDone, tasksOf } from "./job.js";
import type { Task } from "./task.js";

/** Throws when the state of a job contradicts itself. */
export function checkJob(state: JobState): void {
  for (const task of [...state.samples, ...state.maps, ...state.combines, ...state.reduces]) checkTask(state, task);
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

function checkTask(state: JobState, task: Task): void {
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
    require(state.slots.get(attempt.worker)?.running?.attempt === attempt, `${name}: attempt ${number} has no worker`);
    if (attempt.state === "committing") committing += 1;
  }
  require(committing <= 1, `${name} may be committed twice`);
}

/** Throws when an invariant does not hold. */
export function require(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}
