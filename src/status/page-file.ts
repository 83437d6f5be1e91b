import { readFileSync } from "node:fs";

/** The status page, as `scripts/status-page.js` has built it. */
export function readStatusPage(): string {
  // As seen from where the build puts the programs.
  return readFileSync(new URL("../status/page.html", import.meta.url), "utf8");
}
