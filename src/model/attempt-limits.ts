/**
 * Limits on what an attempt may report. Separate from the protocol, because the app's thread does not load its schemas.
 */

/** The longest text that shows the record or key at which an attempt failed. */
export const atWorkCharactersMax = 300;

/** The last characters of a failed attempt's standard output and error that are reported. */
export const outputCharactersMax = 8 * 1024;

/**
 * Limits on counters: how many an attempt may have, and how many all map or all reduce tasks of a job may have
 * together; the length of a name; and the absolute value of a count, chosen so that the sum over any number of attempts
 * is still a number.
 */
export const countersMax = 1000;
export const counterCharactersMax = 200;
export const counterMax = 1e300;

/** The maximum number and length of warnings. An attempt reads a single input, or a few places in several. */
export const warningsMax = 20;
export const warningCharactersMax = 2000;

/** The maximum number of outputs that an app names in one reduce task, so that their names fit in a message. */
export const namedOutputsMax = 5000;

/** The maximum number of side files. */
export const sideFilesMax = 100;

/**
 * The maximum number of keys that a sample task reports, and their length in UTF-16 units, so that a report fits in a
 * message.
 */
export const sampledKeysMax = 2000;
export const sampledKeyUnitsMax = 256;

/**
 * The maximum number and length of `--arg` names that a job has, that an app declares, or that it looks for in
 * vain.
 */
export const argNamesMax = 100;
export const argNameCharactersMax = 100;

/**
 * Limits on the records that an attempt may skip by itself, so that its report fits in a message: how many, the lengths
 * of the message and the stack frames of an error, and the bytes of all texts together.
 */
export const skippedPerAttemptMax = 50_000;
export const skippedMessageCharactersMax = 2000;
export const skippedFramesCharactersMax = 4000;
export const skippedErrorBytesMax = 1.5 * 2 ** 20;
