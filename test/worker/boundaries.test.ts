import { describe, expect, it } from "vitest";
import { Boundaries } from "../../src/worker/boundaries.js";
import type { Job } from "../../src/worker/executor-messages.js";
import type { Session } from "../../src/worker/session.js";

/** A coordinator's replies, page by page, and the start of each requested page. */
function answering(...pages: { boundaries: string[]; next?: number }[]) {
  const asked: number[] = [];
  const call = (_method: string, { from }: { from: number }) => {
    asked.push(from);
    return Promise.resolve(pages.shift());
  };
  return { asked, session: { call } as unknown as Session };
}

const job = { id: "0a1b", partitioner: "range" } as Job;

describe("the boundaries of a job", () => {
  it("are fetched once, page by page", async () => {
    const { asked, session } = answering({ boundaries: ["b", "c"], next: 2 }, { boundaries: ["d"] });
    const boundaries = new Boundaries();
    expect(await boundaries.of(job, session)).toEqual(["b", "c", "d"]);
    expect(await boundaries.of(job, session)).toEqual(["b", "c", "d"]);
    expect(asked).toEqual([0, 2]);
  });

  it("are fetched again from a coordinator that resumed the job: it may have taken other samples", async () => {
    const { session } = answering({ boundaries: ["b"] }, { boundaries: ["x"] });
    const boundaries = new Boundaries();
    await boundaries.of(job, session);
    expect(await boundaries.of({ ...job }, session)).toEqual(["x"]);
  });

  it("are none when keys are hashed", async () => {
    const { asked, session } = answering();
    expect(await new Boundaries().of({ ...job, partitioner: "hash" }, session)).toBeUndefined();
    expect(asked).toEqual([]);
  });
});
