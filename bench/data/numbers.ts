import { writeParts, type DataSet } from "./data-set.js";

/** The numbers from 1 on, one a line, in one file. */
export function numbers(count: number): DataSet {
  const text = Array.from({ length: count }, (_, index) => `${index + 1}\n`).join("");
  return {
    name: `numbers-${count}`,
    about: `the numbers to ${count}, one a line`,
    make: (directory, signal) => writeParts(directory, "numbers", [[Buffer.from(text)]], signal),
  };
}
