import * as v from "valibot";
import { jobView, type JobView } from "../model/job-view.js";

/** The place in the built page for the view of a finished job. */
const dataMark = "<!--job-->";

/** The view in a job's report; undefined when the text is not one. */
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

/** A single file that shows this view in any browser, without a network. `page` is the built status page. */
export function reportPage(page: string, view: JobView): string {
  const [before, after, ...more] = page.split(dataMark);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error("the page has no place for a job");
  return `${before}<script type="application/json" id="job">${scriptText(view)}</script>${after}`;
}

/** JSON in which nothing ends the script or begins a comment, whatever a message or a file name contains. */
function scriptText(view: JobView): string {
  return JSON.stringify(view)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}
