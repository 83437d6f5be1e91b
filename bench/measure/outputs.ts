import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { PeerName } from "../peers/peers.js";

/** The assessment of a contender's output. */
export type Verdict = "same" | "differs" | "unstable" | "unchecked";

/** Whether a contender's times are meaningless, because its output is wrong or changes between runs. */
export function isWrong(verdict: Verdict): boolean {
  return verdict === "differs" || verdict === "unstable";
}

export interface Output {
  readonly name: string;
  readonly peer: PeerName;
  /** Outputs for the same data are compared with each other. */
  readonly data: string;
  readonly digest: string;
}

interface CommandContext {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Keeps a contender's first output, which all later ones must equal. */
export class OutputCheck {
  readonly #canonical: string;
  /** Digests of outputs, with their lines in the original order, that are known to be equal. */
  readonly #known = new Set<string>();
  #first: string | undefined;

  /** `canonical` prints the output: see `Contender`. */
  constructor(canonical: string) {
    this.#canonical = canonical;
  }

  /** Digest of the first output; undefined before. */
  get digest(): string | undefined {
    return this.#first;
  }

  /**
   * Compares an output with the first one.
   *
   * @throws {Error} when the output cannot be printed or is wrong in itself.
   */
  async isSame(context: CommandContext): Promise<boolean> {
    // Sorting takes longer than some of the jobs, and few programs change the order of their lines from run to run.
    const asItCame = await digest(this.#canonical, "sha256sum", context);
    if (this.#known.has(asItCame)) return true;
    const sorted = await digestOf(this.#canonical, context);
    this.#first ??= sorted;
    if (sorted !== this.#first) return false;
    this.#known.add(asItCame);
    return true;
  }
}

/**
 * The digest of the lines that a command prints, in any order.
 *
 * @throws {Error} when the command fails, with its error output.
 */
export function digestOf(canonical: string, context: CommandContext): Promise<string> {
  return digest(canonical, "LC_ALL=C sort --parallel=2 -S 1G | sha256sum", context);
}

async function digest(canonical: string, filter: string, context: CommandContext): Promise<string> {
  const command = `{ ${canonical}\n} | ${filter}`;
  const { stdout } = await promisify(execFile)("bash", ["--norc", "-o", "pipefail", "-c", command], context);
  return stdout.slice(0, 64);
}

/**
 * Compares outputs for the same data. The majority of programs is right; in a tie, the first program other than
 * mapreduce-ts. With fewer than two programs, nothing is known.
 */
export function judge(outputs: readonly Output[]): Map<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  for (const { name, data } of outputs) {
    const sameData = outputs.filter((output) => output.data === data);
    const isAlone = new Set(sameData.map(({ peer }) => peer)).size < 2;
    const isRight = sameData.find((output) => output.name === name)?.digest === rightDigest(sameData);
    verdicts.set(name, isAlone ? "unchecked" : isRight ? "same" : "differs");
  }
  return verdicts;
}

function rightDigest(outputs: readonly Output[]): string | undefined {
  const peersByDigest = new Map<string, Set<PeerName>>();
  for (const { peer, digest } of outputs.toSorted((a, b) => Number(a.peer === "mr") - Number(b.peer === "mr"))) {
    peersByDigest.set(digest, (peersByDigest.get(digest) ?? new Set()).add(peer));
  }
  // The sort is stable: in a tie the first output stays first.
  return [...peersByDigest].sort(([, a], [, b]) => b.size - a.size)[0]?.[0];
}
