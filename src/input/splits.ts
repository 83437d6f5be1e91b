import type { InputKind } from "../app/contract.js";
import type { Split } from "../rpc/protocol.js";
import type { InputFile } from "./files.js";
import { InputError } from "./input-error.js";

/**
 * Cuts the inputs into splits, one for each map task (paper section 3.1), in the order in which they were given.
 * With `"file"` each file is one. Throws an InputError for a kind that this version cannot cut.
 */
export function planSplits(inputs: readonly InputFile[], kind: InputKind): Split[] {
  if (kind !== "file") throw new InputError(`this version cannot split input of kind ${JSON.stringify(kind)}`);
  return inputs.map(({ name, path, sizeBytes }) => ({ file: name, path, startBytes: 0, endBytes: sizeBytes }));
}
