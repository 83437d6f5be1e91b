/** Runs TypeScript through tsx, which is registered for a whole thread, so that stack traces show source lines. */
import { pathToFileURL } from "node:url";

/**
 * Imports a module through tsx, with the options of the `tsconfig.json` at `project`, or none if undefined.
 * `TSX_TSCONFIG_PATH` overrides it.
 */
export async function importWithTsx(path: string, project: string | undefined): Promise<Record<string, unknown>> {
  if (registered === undefined || registered.project !== project) {
    await registered?.unregister();
    registered = undefined;
    registered = await register(project);
  }
  return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
}

/**
 * Does the same for a module that Node.js rejected. Node caches the rejection, so tsx gives this module and its imports
 * new names.
 */
export async function importAgainWithTsx(path: string, project: string | undefined): Promise<Record<string, unknown>> {
  const { register } = await import("tsx/esm/api");
  process.setSourceMapsEnabled(true);
  const { href } = pathToFileURL(path);
  const again = register({ namespace: `${Date.now()}`, tsconfig: project ?? false });
  return (await again.import(href, href)) as Record<string, unknown>;
}

/** The current registration of tsx in this thread, which may import modules of several projects in turn. */
let registered: Registration | undefined;

interface Registration {
  readonly project: string | undefined;
  readonly unregister: () => Promise<void>;
}

/**
 * A file that tsx reads as a `tsconfig.json` without options. By default, tsx looks for one in the working directory.
 */
const emptyProject = "/dev/null";

async function register(project: string | undefined): Promise<Registration> {
  const [commonJs, modules] = await Promise.all([import("tsx/cjs/api"), import("tsx/esm/api")]);
  process.setSourceMapsEnabled(true);
  const unregisterCommonJs = withProject(project ?? emptyProject, () => commonJs.register());
  // Passed as an option, because Node.js 20 reads the variable later, in another thread.
  const own = process.env["TSX_TSCONFIG_PATH"];
  const unregisterModules = modules.register({ tsconfig: own ?? project ?? false });
  return {
    project,
    async unregister() {
      unregisterCommonJs();
      await unregisterModules();
    },
  };
}

/** Calls a function that reads the variable at once. A value set by the user stays. */
function withProject<T>(project: string, act: () => T): T {
  const { TSX_TSCONFIG_PATH: own } = process.env;
  if (own !== undefined) return act();
  process.env["TSX_TSCONFIG_PATH"] = project;
  try {
    return act();
  } finally {
    delete process.env["TSX_TSCONFIG_PATH"];
  }
}
