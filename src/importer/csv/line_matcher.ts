/** Recognizes records that the reader can skip, by the bytes of their line alone. */
export interface LineMatcher {
  /** The reader calls this method after its buffer has changed or moved. */
  begin(bytes: Uint8Array): void;
  /**
   * Returns the offset of the line feed that ends the record at `start`, on physical line `line`. Returns -1 if the
   * record must be read. Bytes from `end` on are ignored. Every skipped record has the usual number of values.
   */
  skip(start: number, end: number, line: number): number;
}
