/** The TypeScript project of a module: what its `tsconfig.json` says about running it. */
import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import { getTsconfig, type TsConfigResult } from "get-tsconfig";

/** The `tsconfig.json` that applies to a module, with what it extends. */
export interface Tsconfig {
  /** Absolute path. */
  readonly path: string;
  readonly compilerOptions: NonNullable<TsConfigResult["config"]["compilerOptions"]>;
}

/** A `tsconfig.json` cannot be read. The message says where it is and why. */
class TsconfigError extends Error {
  override readonly name = "TsconfigError";
}

/**
 * Finds the `tsconfig.json` nearest to a module: in its directory or the nearest one above. Where the path is a symbolic
 * link, the directory of the file that it leads to comes first, since Node.js resolves imports from there. Undefined when
 * there is none. Throws a TsconfigError when it, or what it extends, cannot be read.
 */
export function tsconfigOf(modulePath: string): Tsconfig | undefined {
  const found = nearest(realpathSync(modulePath)) ?? nearest(modulePath);
  return found && { path: found.path, compilerOptions: found.config.compilerOptions ?? {} };
}

function nearest(modulePath: string): TsConfigResult | undefined {
  try {
    return getTsconfig(dirname(modulePath)) ?? undefined;
  } catch (error) {
    const why = (error as Error).message.replace(/\.$/, "");
    const text = `its tsconfig.json, in ${dirname(modulePath)} or above, cannot be used: ${why}; correct it`;
    throw new TsconfigError(text, { cause: error });
  }
}
