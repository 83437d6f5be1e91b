import { html, setText, svg } from "./dom.js";

/** An item of a chart that the pointer or keys can select, and its description. */
interface Item {
  readonly key: string;
  readonly text: string;
}

/**
 * A chart, redrawn when its data or its width changes. Pointer, touch or arrow keys select one item at a time, and a
 * line of text below describes it.
 *
 * Drawn as SVG without a library, which would make the page many times larger; and none has a Gantt chart of attempts.
 */
export class Chart {
  readonly #area = html("div", { class: "chart-area", role: "group", "aria-roledescription": "chart", tabindex: 0 });
  readonly #detail = html("p", { class: "note", "aria-live": "polite" });
  readonly #draw: (width: number) => Node[];
  #items: readonly Item[] = [];
  #selected: string | undefined;
  #standing = "";
  #width = 0;

  /** `draw` receives the width in pixels; selectable elements have their key in `data-key`. */
  constructor(container: HTMLElement, titleId: string, draw: (width: number) => Node[]) {
    this.#draw = draw;
    this.#area.setAttribute("aria-labelledby", titleId);
    container.replaceChildren(this.#area, this.#detail);
    this.#area.addEventListener("pointerover", (event) => this.#pick(event));
    this.#area.addEventListener("click", (event) => this.#pick(event));
    this.#area.addEventListener("pointerleave", () => this.#select(undefined));
    this.#area.addEventListener("blur", () => this.#select(undefined));
    this.#area.addEventListener("keydown", (event) => this.#move(event));
    new ResizeObserver(() => {
      if (this.#area.clientWidth !== this.#width) this.redraw();
    }).observe(this.#area);
  }

  /** `items` are in the order of the arrow keys; `standing` is shown when none is selected. */
  show(items: readonly Item[], standing: string): void {
    this.#items = items;
    this.#standing = standing;
    this.redraw();
  }

  redraw(): void {
    this.#width = this.#area.clientWidth;
    if (this.#width === 0) return;
    const scrolled = this.#area.querySelector(".scroll")?.scrollTop ?? 0;
    this.#area.replaceChildren(...this.#draw(this.#width));
    this.#area.querySelector(".scroll")?.scrollTo(0, scrolled);
    this.#mark();
  }

  #pick({ target }: Event): void {
    const key = target instanceof Element ? target.closest("[data-key]")?.getAttribute("data-key") : undefined;
    if (key !== null && key !== undefined) this.#select(key);
  }

  #move(event: KeyboardEvent): void {
    const { length } = this.#items;
    if (length === 0) return;
    const at = this.#items.findIndex(({ key }) => key === this.#selected);
    const next = new Map([
      ["ArrowRight", at + 1],
      ["ArrowDown", at + 1],
      ["ArrowLeft", at === -1 ? length - 1 : at - 1],
      ["ArrowUp", at === -1 ? length - 1 : at - 1],
      ["Home", 0],
      ["End", length - 1],
    ]).get(event.key);
    if (event.key === "Escape") this.#select(undefined);
    if (next === undefined) return;
    event.preventDefault();
    this.#select(this.#items[(next + length) % length]?.key);
    this.#area.querySelector(".selected")?.scrollIntoView({ block: "nearest" });
  }

  #select(key: string | undefined): void {
    if (key === this.#selected) return;
    this.#selected = key;
    this.#mark();
  }

  #mark(): void {
    for (const element of this.#area.querySelectorAll(".selected")) element.classList.remove("selected");
    const item = this.#items.find(({ key }) => key === this.#selected);
    if (item !== undefined) this.#area.querySelector(`[data-key="${CSS.escape(item.key)}"]`)?.classList.add("selected");
    setText(this.#detail, item?.text ?? this.#standing);
  }
}

/** Patterns that distinguish bars without colour. The page needs them once. */
export function patterns(): SVGSVGElement {
  const pattern = (id: string, size: number, path: string) => {
    const line = svg("path", { d: path, class: "stripe" });
    return svg("pattern", { id, width: size, height: size, patternUnits: "userSpaceOnUse" }, line);
  };
  const definitions = svg(
    "defs",
    {},
    pattern("stripes", 6, "M-1 7L7 -1M-1 1L1 -1M5 7L7 5"),
    pattern("crosses", 8, "M0 0L8 8M0 8L8 0"),
  );
  return svg("svg", { width: 0, height: 0, "aria-hidden": "true" }, definitions);
}
