import { expect, test } from "vitest";
import { Progress } from "../../bench/report/progress.js";

test("what remains follows from what the workloads before took, not from the time before the first", () => {
  let minutes = 0;
  const progress = new Progress([2, 4, 1], 1, () => minutes * 60_000);
  minutes = 10;
  expect(progress.beginWorkload()).toBe("10:00 elapsed, about 7:00 remaining");
  minutes = 11;
  expect(progress.beginWorkload()).toBe("11:00 elapsed, about 2:30 remaining");
  minutes = 13.25;
  expect(progress.beginWorkload()).toBe("13:15 elapsed, about 0:33 remaining");
  minutes = 14;
  expect(progress.elapsed()).toBe("14:00 elapsed");
});
