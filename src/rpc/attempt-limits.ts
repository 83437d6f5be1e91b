/** What an attempt may tell of itself. Apart from the protocol, whose schemas the thread of an app does without. */

/** So much of what a failed attempt has written to its standard output and error. */
export const outputCharactersMax = 8 * 1024;

/** So many side files. */
export const sideFilesMax = 100;

/** Most keys that a sample task reports, and their longest, in UTF-16 units: a report fits into a message. */
export const sampledKeysMax = 2000;
export const sampledKeyUnitsMax = 256;
