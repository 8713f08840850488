/** A file in `bak` that grew after its import; the later bytes were not imported. */
export interface LateWrite {
  readonly name: string;
  readonly bakFile: string;
  /** The number of bytes that were imported. */
  readonly imported: number;
  /** The current size of the file, in bytes. */
  readonly size: number;
}

export interface FeedLateWrite extends LateWrite {
  /** "" for the upload folder itself. */
  readonly feed: string;
}
