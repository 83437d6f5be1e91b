import type { FailedAttemptView, JobView } from "../../model/job-view.js";
import { html } from "./dom.js";
import { countText, durationText, plural } from "./format.js";

/** The failed attempts, each of which the user can open. Existing entries stay open or closed. */
export class FailureList {
  readonly #container: HTMLElement;
  readonly #shown = new Map<string, HTMLElement>();

  constructor(container: HTMLElement) {
    this.#container = container;
  }

  show({ input, failures: { list, omitted } }: JobView): void {
    const wanted = new Map(list.map((failed) => [keyOf(failed), failed]));
    for (const [key, element] of this.#shown) {
      if (wanted.has(key)) continue;
      element.remove();
      this.#shown.delete(key);
    }
    for (const [key, failed] of wanted) {
      if (this.#shown.has(key)) continue;
      const element = elementOf(failed, input);
      this.#shown.set(key, element);
      this.#container.append(element);
    }
    this.#container.querySelector(":scope > .note")?.remove();
    if (omitted === 0) return;
    this.#container.append(html("p", { class: "note" }, `${plural(omitted, "more failed attempt")} not kept.`));
  }
}

function keyOf({ kind, task, attempt }: FailedAttemptView): string {
  return `${kind} ${task} ${attempt}`;
}

function elementOf(failed: FailedAttemptView, input: JobView["input"]): HTMLElement {
  const { kind, task, attempt, worker, file, startMs, endMs, outcome, message, stack, record, output } = failed;
  const [firstLine = ""] = message.split("\n", 1);
  const summary = html(
    "summary",
    {},
    html("span", { class: "where" }, `${kind} ${task}, attempt ${attempt}`),
    html("span", { class: "class" }, outcome),
    html("span", { class: "message" }, firstLine),
  );
  const place = [
    `on ${worker}`,
    `after ${durationText(endMs - startMs)}, at ${durationText(endMs)} of the job`,
    ...(file === undefined ? [] : [`input ${file}`]),
    ...(record === undefined ? [] : [recordText(record, input)]),
  ];
  const text = (title: string, contents: string) => [
    html("h3", {}, title),
    html("pre", { tabindex: 0, "aria-label": title }, contents),
  ];
  const body = html(
    "div",
    { class: "body" },
    html("p", { class: "note" }, place.join(" · ")),
    ...text("Message", message),
    ...(stack === undefined || stack === "" ? [] : text("Stack", stack)),
    ...(output === undefined || output === "" ? [] : text("Its last output", output)),
  );
  return html("details", {}, summary, body);
}

/** Only an app's own reader knows where its records are. */
function recordText(record: number, input: JobView["input"]): string {
  return input === "own" ? `at record ${countText(record)}` : `at the record that begins at byte ${countText(record)}`;
}
