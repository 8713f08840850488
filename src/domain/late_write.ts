/** A file in `bak` that grew after it was imported: what came later was not imported. */
export interface LateWrite {
  /** The name it was uploaded under. */
  readonly name: string;
  /** Its name in `bak`. */
  readonly bakFile: string;
  /** Bytes that were imported. */
  readonly imported: number;
  /** Bytes that it has now. */
  readonly size: number;
}
