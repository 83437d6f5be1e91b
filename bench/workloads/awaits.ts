import { numbers } from "../data/numbers.js";
import { mrOutput, type Workload } from "./workload.js";

const lines = 400;

export const awaits: Workload = {
  name: "awaits",
  title: "Awaiting in map",
  about:
    "Waits 50 ms for each of 400 lines, as for a server, with 20 lines in flight; no program can take less than a second. " +
    "One worker, so that there are never more than 20.",
  minutes: 0.5,
  contenders(scale) {
    const data = numbers(Math.round(lines * Math.max(scale, 0.1)));
    return [
      {
        name: "mapreduce-ts",
        peer: "mr",
        data,
        command: 'mr run -w 1 "$BENCH/apps/await.js" "$DATA"/*.txt',
        canonical: mrOutput,
        targetSeconds: 2,
      },
      {
        name: "Node.js, a pool of 20",
        peer: "node",
        data,
        command: `node "$BENCH/peers/await.js" "$DATA"/*.txt > out.txt`,
        canonical: "cat out.txt",
      },
    ];
  },
};
