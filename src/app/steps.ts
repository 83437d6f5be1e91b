/** Pipelines: several jobs, where each reads the pairs that the previous one wrote. */
import { AppError } from "./app-error.js";
import { checkApp, importApp, isMapOnly, appsIn, type LoadedApp, type StepPlace } from "./load.js";
import { fileOfStep, type AppFile } from "./resolve.js";

/** A checked step of a pipeline, and its place. */
export interface CheckedStep {
  readonly app: LoadedApp;
  readonly place: StepPlace;
  /** The step's own number of reduce tasks; undefined to use the job's. */
  readonly reducers: number | undefined;
}

/** A step, and the file it comes from. */
export type PipelineStep = CheckedStep & { readonly file: AppFile };

/**
 * Returns the steps of a pipeline made from `files`, in order: each app contributes the steps it exports, or itself. Throws
 * an AppError when an app cannot be a step.
 */
export async function loadSteps(files: readonly AppFile[]): Promise<PipelineStep[]> {
  const modules = new Map<string, Record<string, unknown>>();
  for (const { path } of files) modules.set(path, await importApp(path));
  const moduleOf = ({ path }: AppFile) => modules.get(path) ?? {};
  const parts = files.flatMap((file) => partsOf(file.path, moduleOf(file)).map((part) => ({ file, ...part })));
  return parts.map(({ file, ...part }, index) => {
    const step = checkStep(file.path, moduleOf(file), part, index, parts.length);
    return { ...step, file: fileOfStep(file, step.place) };
  });
}

/** Returns the steps of an app already loaded; `name` names the app in errors. */
export function checkSteps(name: string, module: Record<string, unknown>): CheckedStep[] {
  const parts = partsOf(name, module);
  return parts.map((part, index) => checkStep(name, module, part, index, parts.length));
}

interface Part {
  /** The number among `steps`, from 1; undefined when the module itself is the step. */
  readonly number: number | undefined;
  /** The unchecked export. */
  readonly reducers: unknown;
}

function partsOf(path: string, module: Record<string, unknown>): Part[] {
  const { app, steps } = appsIn(path, module);
  if (app !== undefined) return [{ number: undefined, reducers: app["reducers"] }];
  return steps.map(({ reducers }, index) => ({ number: index + 1, reducers }));
}

function checkStep(
  path: string,
  module: Record<string, unknown>,
  { number, reducers }: Part,
  index: number,
  count: number,
): CheckedStep {
  const place = { number, isFirst: index === 0, isLast: index === count - 1 };
  const app = checkApp(path, module, place);
  const isCount = typeof reducers === "number" && Number.isSafeInteger(reducers) && reducers >= 1;
  if (reducers !== undefined && !isCount) {
    const name = number === undefined ? path : `${path}, step ${number}`;
    throw new AppError(`app ${name}: export reducers must be a whole number, 1 or more`);
  }
  return { app, place, reducers: isMapOnly(app) ? 0 : reducers };
}
