import { corpus } from "../data/texts.js";
import { MiB, mrOutput, mrRun, type Contender, type Workload } from "./workload.js";

function contenders(pattern: string, target?: number) {
  return (scale: number): [Contender, Contender] => {
    const data = corpus(Math.round(256 * MiB * scale), 8);
    return [
      {
        name: "mapreduce-ts",
        peer: "mr",
        data,
        command: mrRun(`grep --arg pattern='${pattern}'`),
        canonical: mrOutput,
      },
      {
        name: "GNU grep",
        peer: "grep",
        data,
        command: `LC_ALL=C grep -n '${pattern}' "$DATA"/*.txt > out.txt`,
        canonical: `sed 's/^\\([^:]*:[0-9]*\\):/\\1 /' out.txt`,
        ...(target !== undefined && { target }),
      },
    ];
  };
}

export const grepRare: Workload = {
  name: "grep-rare",
  title: "Grep with a rare match",
  about: "Lines with two certain words: a handful. It shows how fast input is read.",
  minutes: 0.5,
  contenders: contenders("qeciz fajix"),
};

export const grepFrequent: Workload = {
  name: "grep-frequent",
  title: "Grep with a frequent match",
  about: "Lines with two certain letters: one line in five, so that there is much output.",
  minutes: 0.5,
  contenders: contenders("ko", 3),
};
