import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { JobConsole } from "../../src/cli/job-console.js";
import { snapshotOf } from "../status/snapshots.js";

/** What is drawn, and whether drawing has ended. */
class View {
  readonly shown: unknown[] = [];
  hasEnded = false;
  show = (snapshot: unknown) => this.shown.push(snapshot);
  end = () => (this.hasEnded = true);
}

const { views, ready } = vi.hoisted(() => ({ views: [] as View[], ready: [] as (() => void)[] }));
vi.mock("../../src/status/progress.js", () => ({
  createProgressBars: () =>
    new Promise((resolve) => {
      ready.push(() => {
        const view = new View();
        views.push(view);
        resolve(view);
      });
    }),
}));

const { isTTY } = process.stderr;
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubEnv("TERM", "xterm");
  process.stderr.isTTY = true;
});
afterEach(() => {
  process.stderr.isTTY = isTTY;
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

test("a job that ends while its progress display loads does not affect the next job's display", async () => {
  const console = new JobConsole("mr", { quiet: false });
  const [first, second] = [snapshotOf(), snapshotOf()];
  console.start(() => first);
  vi.advanceTimersByTime(300);
  console.stop();
  console.start(() => second);
  ready[0]?.();
  await vi.advanceTimersByTimeAsync(300);
  ready[1]?.();
  await vi.advanceTimersByTimeAsync(300);
  expect(views.map(({ shown }) => shown.every((snapshot) => snapshot === second))).toEqual([true, true]);
  expect(views.map(({ hasEnded }) => hasEnded)).toEqual([true, false]);
  expect(views[1]?.shown).toHaveLength(2);
  console.stop();
  expect(views[1]?.hasEnded).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
