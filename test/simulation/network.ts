/**
 * Connections between workers and the coordinator: two streams each, whose messages arrive in order after a delay.
 *
 * A connection ends when a process closes it or dies, which the other end learns after the last message; or it is cut,
 * which each end learns in its own time, perhaps one much later (half-open). Worse than in any real stream,
 * messages may be lost, repeated or reordered. A lost message eventually breaks the connection, as with TCP.
 */
import { Random } from "./random.js";
import type { Timeline } from "./timeline.js";

/** One end of a connection, as its process sees it. */
export interface End {
  receive(message: unknown): void;
  /** Nothing arrives from now on. */
  closed(): void;
}

export type Side = "worker" | "coordinator";

/** The current probabilities of faults in messages. */
export interface Weather {
  loss: number;
  duplication: number;
  reordering: number;
}

export class Connection {
  readonly #network: Network;
  readonly #random: Random;
  readonly #ends: Record<Side, End | undefined> = { worker: undefined, coordinator: undefined };
  /** When the last message of each direction arrives, by sender. */
  readonly #lastMs: Record<Side, number> = { worker: 0, coordinator: 0 };
  readonly #isOpen: Record<Side, boolean> = { worker: true, coordinator: true };
  #isCut = false;

  constructor(network: Network, number: number) {
    this.#network = network;
    this.#random = new Random(network.seed, "connection", number);
  }

  attach(side: Side, end: End): void {
    this.#ends[side] = end;
  }

  send(from: Side, message: unknown): void {
    if (!this.#isOpen[from]) return;
    const { weather, timeline } = this.#network;
    const random = this.#random;
    if (random.chance(weather.loss)) {
      this.#network.count("a message is lost");
      timeline.after(random.between(1, 400), () => this.cut(random.between(0, 50), random.between(0, 50)));
      return;
    }
    this.#deliver(from, message);
    if (!random.chance(weather.duplication)) return;
    this.#network.count("a message comes twice");
    this.#deliver(from, message);
  }

  /** This end is closed, by its process or by its death. The other end still gets what was sent before. */
  close(side: Side): void {
    if (!this.#isOpen[side]) return;
    this.#isOpen[side] = false;
    const to = otherOf(side);
    const { timeline } = this.#network;
    timeline.after(Math.max(this.#lastMs[side] - timeline.nowMs, 0) + 1, () => {
      if (!this.#isCut) this.#end(to);
    });
  }

  /** The connection is cut: nothing more arrives, and each end notices after a delay. */
  cut(workerNoticesMs: number, coordinatorNoticesMs: number): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#network.timeline.after(workerNoticesMs, () => this.#end("worker"));
    this.#network.timeline.after(coordinatorNoticesMs, () => this.#end("coordinator"));
  }

  #deliver(from: Side, message: unknown): void {
    const { weather, timeline } = this.#network;
    const random = this.#random;
    const to = otherOf(from);
    let arrivesMs = timeline.nowMs + 1 + random.below(random.chance(0.1) ? 30 : 4);
    if (random.chance(weather.reordering)) {
      this.#network.count("a message overtakes");
      arrivesMs += random.below(60);
    } else arrivesMs = this.#lastMs[from] = Math.max(arrivesMs, this.#lastMs[from]);
    timeline.after(arrivesMs - timeline.nowMs, () => {
      if (!this.#isCut && this.#isOpen[to]) this.#ends[to]?.receive(message);
    });
  }

  #end(side: Side): void {
    if (!this.#isOpen[side]) return;
    this.#isOpen[side] = false;
    this.#ends[side]?.closed();
  }
}

export class Network {
  readonly seed: number;
  readonly timeline: Timeline;
  readonly count: (what: string) => void;
  readonly weather: Weather = { loss: 0, duplication: 0, reordering: 0 };
  #connections = 0;

  /** `count` is called for each fault. */
  constructor(seed: number, timeline: Timeline, count: (what: string) => void) {
    this.seed = seed;
    this.timeline = timeline;
    this.count = count;
  }

  connect(): Connection {
    return new Connection(this, this.#connections++);
  }
}

function otherOf(side: Side): Side {
  return side === "worker" ? "coordinator" : "worker";
}
