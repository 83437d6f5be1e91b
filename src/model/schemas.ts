/** Schemas that several types of the model share. */
import * as v from "valibot";

/** A whole number, 0 or more. */
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** A CRC-32. */
export const checksum = v.pipe(count, v.maxValue(0xffffffff));

export const workerId = v.pipe(v.string(), v.minLength(1), v.maxLength(100));

/** The `--arg` values of a job or of a worker, by name. */
export const args = v.record(v.string(), v.string());

/** The counters of a job or of an attempt: name and count. Pairs, because any name is allowed, even `__proto__`. */
export const counters = v.array(v.tuple([v.string(), v.number()]));
