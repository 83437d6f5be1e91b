import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { Exit, exitCodes } from "./program.js";

/** Opens a file with the system's default program. */
export async function openInBrowser(file: string): Promise<void> {
  const opener = process.platform === "darwin" ? "open" : "xdg-open";
  const child = spawn(opener, [resolve(file)], { stdio: "ignore" });
  const failure = await once(child, "exit").then(
    ([code]) => (code === 0 ? undefined : `${opener} ended with ${String(code)}`),
    (error: unknown) => (error as Error).message,
  );
  if (failure !== undefined) throw new Exit(exitCodes.failed, `cannot open ${file}: ${failure}; open it yourself`);
}
