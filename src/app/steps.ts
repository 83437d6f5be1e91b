/** Pipelines: several jobs, each of which is given the pairs that the one before has made. */
import { AppError } from "./app-error.js";
import { checkApp, importApp, isMapOnly, appsIn, type LoadedApp, type StepPlace } from "./load.js";
import { fileOfStep, type AppFile } from "./resolve.js";

/** What a step of a pipeline is, beside its place. */
export interface CheckedStep {
  readonly app: LoadedApp;
  readonly place: StepPlace;
  /** How many reduce tasks it is to have, whatever the job has; undefined when it does not say. */
  readonly reducers: number | undefined;
}

/** A step, and where it is from. */
export type PipelineStep = CheckedStep & { readonly file: AppFile };

/**
 * The steps of a pipeline of these apps, in order: of each those that it exports, or the app itself. Throws an AppError when
 * one of them cannot be such a step.
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

/** The steps of one app that is there already; `name` is how it is called in an AppError. */
export function checkSteps(name: string, module: Record<string, unknown>): CheckedStep[] {
  const parts = partsOf(name, module);
  return parts.map((part, index) => checkStep(name, module, part, index, parts.length));
}

interface Part {
  /** Of the `steps`, from 1; undefined when the module is the step. */
  readonly number: number | undefined;
  /** As it is exported. */
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
    throw new AppError(`app ${name}: export reducers must be a whole number from 1 on`);
  }
  return { app, place, reducers: isMapOnly(app) ? 0 : reducers };
}
