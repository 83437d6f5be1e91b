import { requireWritableDirectory } from "../output/destination.js";

/** The directory for CPU profiles, if requested. Throws an InputError if it is not writable. */
export function profileDestination({
  cpuProf,
}: {
  readonly cpuProf?: string | true | undefined;
}): string | true | undefined {
  if (typeof cpuProf === "string") requireWritableDirectory(cpuProf, "CPU profiles");
  return cpuProf;
}
