/**
 * The busiest pages of each section of a website, from its access logs: a pipeline of two steps.
 *
 *     mr run report.mjs 'logs/*.log'
 *     mr cat --format table
 *
 * Step 1 reads log lines (Common or Combined Log Format, compressed or not) and adds up requests, errors and bytes for
 * each page. Step 2 reads these totals, groups them by section, the first part of the path, and keeps the three pages of
 * each section that have the most requests.
 *
 * A line that is not a log line is no reason to fail: the job counts it and writes it to a side file,
 * `mr-output/mr-step-1/mr-side-map-0-malformed.txt`. `mr-output/mr-out-0.csv` has the report, with a header.
 */
import { aggregate, sum } from "mapreduce-ts";

const pagesPerSection = 3;

/** Host, time, method, target, status and bytes, up to where the two formats differ. */
const logLine = /^\S+ \S+ \S+ \[[^\]]*\] "(?:[A-Z]+) (\S+)[^"]*" (\d{3}) (\d+|-)/;

const pages = {
  input: "lines",

  map(file, line, ctx) {
    const [, target, status, bytes] = logLine.exec(line) ?? [];
    if (target === undefined) {
      ctx.counter("malformed lines").add();
      ctx.sideFile("malformed.txt").write(`${file}:${ctx.offset} ${line}\n`);
      return;
    }
    const [page] = target.split("?");
    ctx.emit(page, { requests: 1, errors: Number(status) >= 400 ? 1 : 0, bytes: bytes === "-" ? 0 : Number(bytes) });
  },

  // `combine` and `reduce`: the sums of the three properties.
  ...aggregate({ requests: sum, errors: sum, bytes: sum }),
};

const sections = {
  map(page, totals, ctx) {
    const [, section] = page.split("/");
    ctx.emit(`/${section}`, { page, ...totals });
  },

  *reduce(section, found) {
    found.sort((a, b) => b.requests - a.requests || (a.page < b.page ? -1 : 1));
    for (const row of found.slice(0, pagesPerSection)) yield { section, ...row };
  },

  writer: { format: "csv", columns: ["section", "page", "requests", "errors", "bytes"], values: true },
};

export const steps = [pages, sections];
