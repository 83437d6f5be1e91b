import type { ResultOf } from "../rpc/protocol.js";
import type { Job } from "./executor-messages.js";
import type { Session } from "./session.js";

/**
 * Where the partitions of a job begin, asked for once a registration: they are the same for all of its maps. A coordinator
 * that has resumed it without its last records, since the journal was damaged, may have taken other samples.
 */
export class Boundaries {
  #job: Job | undefined;
  #known: readonly string[] = [];

  /** The boundaries of the job; undefined when keys are hashed. Rejects with a ConnectionClosedError. */
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
