/** A file in `bak` that grew after its import. The bytes that were added later were not imported. */
export interface LateWrite {
  readonly name: string;
  readonly bakFile: string;
  /** The number of bytes that were imported. */
  readonly imported: number;
  /** The current size of the file, in bytes. */
  readonly size: number;
}

export interface FeedLateWrite extends LateWrite {
  /** The feed; "" for the upload folder itself. */
  readonly feed: string;
}
