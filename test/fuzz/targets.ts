import { coordinator } from "./coordinator.js";
import { frames } from "./frames.js";
import { intermediate } from "./intermediate.js";
import { journals, recovery } from "./journals.js";
import { messages } from "./messages.js";
import type { Target } from "./target.js";

/** All code that reads bytes written by another process. To add to it, write a `Target` and list it here. */
export const targets: Readonly<Record<string, Target>> = {
  frames,
  messages,
  coordinator,
  intermediate,
  journals,
  recovery,
};
