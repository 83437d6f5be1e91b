import { coordinator } from "./coordinator.js";
import { frames } from "./frames.js";
import { intermediate } from "./intermediate.js";
import { journals, recovery } from "./journals.js";
import { messages } from "./messages.js";
import type { Target } from "./target.js";

/** Whatever reads bytes that another process wrote. To add one, make a `Target` and name it here. */
export const targets: Readonly<Record<string, Target>> = {
  frames,
  messages,
  coordinator,
  intermediate,
  journals,
  recovery,
};
