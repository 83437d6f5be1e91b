import * as v from "valibot";
import { jobView, type JobView } from "./job-view.js";

/** In the built page, where the view of a finished job goes. */
const dataMark = "<!--job-->";

/** The view that a job has left; undefined when the text is none. */
export function parseReport(text: string): JobView | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(jobView, json);
  return parsed.success ? parsed.output : undefined;
}

/** One file that shows this view in any browser, without a network. `page` is the status page as it was built. */
export function reportPage(page: string, view: JobView): string {
  const [before, after, ...more] = page.split(dataMark);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error("the page has no place for a job");
  return `${before}<script type="application/json" id="job">${scriptText(view)}</script>${after}`;
}

/** JSON in which nothing ends the script or begins a comment, whatever a message or the name of a file contains. */
function scriptText(view: JobView): string {
  return JSON.stringify(view)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}
