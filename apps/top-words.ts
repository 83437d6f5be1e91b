/**
 * Finds the k most frequent words: a pipeline of two apps, `wc`, and `top-k` of what that has counted.
 *
 *     mr run top-words --arg k=5 data/pg-*.txt
 *
 * Each line of the output is `word count`, the most frequent first; k is 10 unless told otherwise.
 */
import type { Step } from "mapreduce-ts";
import * as topK from "./top-k.js";
import * as wc from "./wc.js";

export const steps: readonly Step[] = [wc, topK];
