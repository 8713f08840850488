/** A file in `bak` that grew after its import; the later bytes were not imported. */
export interface LateWrite {
  /** The name it was uploaded under. */
  readonly name: string;
  /** Its name in `bak`. */
  readonly bakFile: string;
  /** Bytes that were imported. */
  readonly imported: number;
  /** Its size now, in bytes. */
  readonly size: number;
}
