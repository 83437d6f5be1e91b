/** What an attempt may tell of itself. Apart from the protocol, whose schemas the thread of an app does without. */

/** So much of what a failed attempt has written to its standard output and error. */
export const outputCharactersMax = 8 * 1024;

/**
 * So many counters, and so many those of all map or of all reduce tasks of a job; how long their names are; and how far from
 * 0 each is, so that the sum over any number of attempts is a number, too.
 */
export const countersMax = 1000;
export const counterCharactersMax = 200;
export const counterMax = 1e300;

/** So many warnings, and how long each is; an attempt reads one input, or a few places of several. */
export const warningsMax = 20;
export const warningCharactersMax = 2000;

/** So many side files. */
export const sideFilesMax = 100;

/** Most keys that a sample task reports, and their longest, in UTF-16 units: a report fits into a message. */
export const sampledKeysMax = 2000;
export const sampledKeyUnitsMax = 256;

/** So many names of `--arg`, and how long each is: of those that a job has, an app declares, or it looks for in vain. */
export const argNamesMax = 100;
export const argNameCharactersMax = 100;
