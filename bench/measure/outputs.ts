import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { PeerName } from "../peers/peers.js";

/** What is known about the output of a contender. */
export type Verdict = "same" | "differs" | "unchecked";

export interface Output {
  readonly name: string;
  readonly peer: PeerName;
  /** Outputs are compared with others for the same data. */
  readonly data: string;
  readonly digest: string;
}

/**
 * Digest of the lines that a command prints, whatever their order.
 *
 * @throws {Error} when the command fails, with what it said.
 */
export async function digestOf(
  canonical: string,
  options: { cwd: string; env: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<string> {
  const command = `{ ${canonical}\n} | LC_ALL=C sort --parallel=2 -S 1G | sha256sum`;
  const { stdout } = await promisify(execFile)("bash", ["--norc", "-o", "pipefail", "-c", command], options);
  return stdout.slice(0, 64);
}

/**
 * Compares outputs for the same data. Right is what most programs say; when as many say otherwise, the one that another
 * program than mapreduce-ts says first. Where no two programs are there to be compared, nothing is known.
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
  // The sort is stable: of those with as many programs the first one stays the first.
  return [...peersByDigest].sort(([, a], [, b]) => b.size - a.size)[0]?.[0];
}
