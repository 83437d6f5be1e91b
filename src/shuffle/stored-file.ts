/** A finished intermediate file, with the size and checksum by which its reader notices damage. */
export interface StoredFile {
  /** Absolute path. */
  readonly location: string;
  readonly bytes: number;
  /** CRC-32 of the whole file. */
  readonly checksum: number;
}
