/**
 * An intermediate file is missing, short or corrupt. The reduce task cannot continue; the map task that made the file
 * must run again.
 */
export class DamagedInputError extends Error {
  override readonly name = "DamagedInputError";
  /** The `location` of the stored file. */
  readonly location: string;

  /** `what` completes the sentence "intermediate file … ": "is missing", "is damaged: line 3 is not JSON". */
  constructor(location: string, what: string, options?: ErrorOptions) {
    super(`intermediate file ${location} ${what}`, options);
    this.location = location;
  }
}
