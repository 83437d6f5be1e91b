import { requireWritableDirectory } from "../output/destination.js";

/** Where CPU profiles go, if they are wanted. Throws an InputError when they cannot be written there. */
export function profileDestination({
  cpuProf,
}: {
  readonly cpuProf?: string | true | undefined;
}): string | true | undefined {
  if (typeof cpuProf === "string") requireWritableDirectory(cpuProf, "CPU profiles");
  return cpuProf;
}
