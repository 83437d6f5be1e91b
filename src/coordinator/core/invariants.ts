import type { State, Task } from "./model.js";
import { hasEnded } from "./model.js";

/**
 * Throws when the state contradicts itself. Called after every step by tests and simulations; a production coordinator
 * does not pay for it.
 */
export function checkInvariants(state: State): void {
  for (const task of [...state.maps, ...state.reduces]) checkTask(state, task);
  for (const worker of state.workers.values()) {
    const { running } = worker;
    if (running !== undefined) {
      require(running.task.attempts.get(running.attempt.number) ===
        running.attempt, `${worker.id} runs what its task lost`);
      require(worker.state === "alive", `${worker.id} is silent and runs something`);
      require(worker.parkedCall === undefined, `${worker.id} waits for a task and runs one`);
    }
    require(state.parked.has(worker) === (worker.parkedCall !== undefined), `${worker.id}: parked and call disagree`);
    const idle = worker.state === "alive" && worker.parkedCall !== undefined;
    require(!idle || state.pending.length === 0, `${worker.id} waits while tasks are pending`);
    require(!idle || !hasEnded(state), `${worker.id} waits although the job has ended`);
  }
  const phaseTasks = state.phase === "map" ? state.maps : state.phase === "reduce" ? state.reduces : undefined;
  if (phaseTasks !== undefined) {
    const count = (wanted: Task["state"]): number => phaseTasks.filter((task) => task.state === wanted).length;
    require(count("completed") === state.completed, "the number of completed tasks is wrong");
    require(count("idle") === state.pending.length, "the number of pending tasks is wrong");
    require(count("in-progress") === state.inProgress.size, "the number of tasks in progress is wrong");
    require(state.completed < phaseTasks.length, "a phase is over and goes on");
  }
  const mapsDone = state.maps.every((task) => task.state === "completed");
  require(state.phase !== "reduce" && state.phase !== "done" ? true : mapsDone, "reduces began before the maps ended");
  require(state.phase !== "done" || state.reduces.every((task) => task.state === "completed"), "done before its tasks");
  require((state.phase === "failed") === (state.failure !== undefined), "a failure without its reason");
}

function checkTask(state: State, task: Task): void {
  const name = `${task.kind} ${task.index}`;
  require((task.state === "in-progress") ===
    task.attempts.size > 0, `${name}: ${task.state} with ${task.attempts.size} attempts`);
  require(task.attempts.size <= 2, `${name} runs more than twice at once`);
  require((task.state === "idle") === state.pending.includes(task) ||
    !inPhase(state, task), `${name}: pending and state disagree`);
  require((task.state === "in-progress") === state.inProgress.has(task), `${name}: in progress and state disagree`);
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

function inPhase(state: State, task: Task): boolean {
  return state.phase === task.kind;
}

function require(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}
