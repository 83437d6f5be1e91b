import { readFileSync } from "node:fs";

/** The status page, as built by `scripts/status-page.js`. */
export function readStatusPage(): string {
  // Relative to where the build puts the programs.
  return readFileSync(new URL("../status/page.html", import.meta.url), "utf8");
}
