/**
 * Decides how a file travels with a mail: as it is, gzipped, or not at all (contract, section 4).
 *
 * Reads no further than it must: memory is bounded by the two limits, however long the file is.
 */
import { Buffer } from "node:buffer";
import type { Attachment } from "./transport.ts";

const MIB = 1024 * 1024;
/** Above this a file is gzipped. */
export const MAX_PLAIN_BYTES = 5 * MIB;
/** Above this, gzipped, it is not attached. */
export const MAX_GZIPPED_BYTES = 7 * MIB;

/** A CSV file that may be attached. */
export interface AttachmentSource {
  /** The name under which it is attached, and by which the text calls it. */
  readonly name: string;
  /** Its bytes from the beginning; may be called again. */
  read(): AsyncIterable<Uint8Array>;
}

/** The file as it is attached, or null when it is too large even gzipped. */
export async function packAttachment(source: AttachmentSource): Promise<Attachment | null> {
  const plain = await collect(source.read(), MAX_PLAIN_BYTES);
  if (plain !== null) return { filename: source.name, contentType: "text/csv; charset=utf-8", content: plain };
  const gzipped = await collect(gzip(source.read()), MAX_GZIPPED_BYTES);
  return gzipped && { filename: `${source.name}.gz`, contentType: "application/gzip", content: gzipped };
}

function gzip(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return ReadableStream.from(bytes as AsyncIterable<BufferSource>).pipeThrough(new CompressionStream("gzip"));
}

/** All bytes, or null as soon as they are more than `most`. */
async function collect(chunks: AsyncIterable<Uint8Array>, most: number): Promise<Uint8Array | null> {
  const kept: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > most) return null;
    kept.push(chunk);
  }
  return Buffer.concat(kept, size);
}
