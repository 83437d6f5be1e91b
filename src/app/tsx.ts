/** TypeScript by way of tsx, which is registered for a whole thread: stacks then name lines of the source. */
import { pathToFileURL } from "node:url";

/**
 * Imports a module by way of tsx, with the options of the `tsconfig.json` at `project`. Undefined stands for none;
 * `TSX_TSCONFIG_PATH` may name another one.
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
 * Does the same for a module that Node.js has refused. Node remembers that it has, so tsx gives names of their own to this
 * module and to those that it imports.
 */
export async function importAgainWithTsx(path: string, project: string | undefined): Promise<Record<string, unknown>> {
  const { register } = await import("tsx/esm/api");
  process.setSourceMapsEnabled(true);
  const { href } = pathToFileURL(path);
  const again = register({ namespace: `${Date.now()}`, tsconfig: project ?? false });
  return (await again.import(href, href)) as Record<string, unknown>;
}

/** What tsx does at present in this thread: modules of several projects may be imported, one after the other. */
let registered: Registration | undefined;

interface Registration {
  readonly project: string | undefined;
  readonly unregister: () => Promise<void>;
}

/** What tsx takes for a `tsconfig.json` without options. Left to itself, it looks for one in the working directory. */
const emptyProject = "/dev/null";

async function register(project: string | undefined): Promise<Registration> {
  const [commonJs, modules] = await Promise.all([import("tsx/cjs/api"), import("tsx/esm/api")]);
  process.setSourceMapsEnabled(true);
  const unregisterCommonJs = withProject(project ?? emptyProject, () => commonJs.register());
  // By an option, since Node.js 20 reads the variable in another thread, and later.
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

/** Calls a function that reads the variable at once. One that the user has set stays. */
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
