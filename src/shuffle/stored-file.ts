/** A finished intermediate file, with what its reader needs to notice that it is short or damaged. */
export interface StoredFile {
  /** Absolute path. */
  readonly location: string;
  readonly bytes: number;
  /** CRC-32 of the whole file. */
  readonly checksum: number;
}
