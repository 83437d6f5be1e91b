import type { ResultOf } from "../rpc/protocol.js";
import type { Job } from "./executor-messages.js";
import type { Session } from "./session.js";

/**
 * The partition boundaries of a job, fetched once per registration: they are the same for all of its maps. But a
 * coordinator that resumed the job from a damaged journal, without the last records, may have taken different samples.
 */
export class Boundaries {
  #job: Job | undefined;
  #known: readonly string[] = [];

  /** Returns the boundaries of the job; undefined when keys are hashed. Rejects with a ConnectionClosedError. */
  async of(job: Job, session: Session): Promise<readonly string[] | undefined> {
    if (job.partitioner === "hash") return undefined;
    if (this.#job !== job) {
      const boundaries: string[] = [];
      for (let from: number | undefined = 0; from !== undefined;) {
        const page: ResultOf<"ListBoundaries"> = await session.call("ListBoundaries", { from });
        boundaries.push(...page.boundaries);
        from = page.next;
      }
      this.#known = boundaries;
      this.#job = job;
    }
    return this.#known;
  }
}
