/** The TypeScript project of a module: the parts of its `tsconfig.json` that affect running it. */
import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import { getTsconfig, type TsConfigResult } from "get-tsconfig";

/** The `tsconfig.json` that applies to a module, merged with those it extends. */
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
 * Finds the nearest `tsconfig.json` of a module: in its directory or in the closest one above. If the path is a
 * symbolic link, the search starts at the link's target, because Node.js resolves imports from there. Returns undefined
 * if there is none. Throws a TsconfigError when it, or one it extends, cannot be read.
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
