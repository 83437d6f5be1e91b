import { expect, it } from "vitest";
import { appPlace } from "../../src/cli/program.js";

const quoted = "it failed:\nError: no\n    at other (/elsewhere/other.js:1:1)";
const frame = "    at map (/elsewhere/app.js:3:5)";

it.each([
  ["a message of one line", "no", `Error: no\n${frame}`],
  ["a message that quotes another stack", quoted, `Error: ${quoted}\n${frame}`],
  [
    "that message between others",
    `map task 0: Error: ${quoted}, caused by Error: no disk`,
    `Error: ${quoted}\n${frame}`,
  ],
  ["a message that was replaced", `another\nmessage`, `Error: one\n${frame}`],
  ["a stack without its message", quoted, frame],
])("the place of an error is in its own stack, with %s", (_, message, stack) => {
  expect(appPlace({ message, stack })).toBe(frame);
});
