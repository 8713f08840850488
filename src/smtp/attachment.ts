/** Attaches a file unchanged, gzipped, or not at all (docs/mail.md#attachment). The two limits keep memory use low. */
import { Buffer } from "node:buffer";
import type { Attachment } from "./transport.ts";

const MIB = 1024 * 1024;
export const MAX_PLAIN_BYTES = 5 * MIB;
export const MAX_GZIPPED_BYTES = 7 * MIB;

export interface AttachmentSource {
  readonly name: string;
  /** Each call yields the bytes from the start. */
  read(): AsyncIterable<Uint8Array>;
}

/** Returns null if the file is too large even when gzipped. */
export async function packAttachment(source: AttachmentSource): Promise<Attachment | null> {
  const plain = await collect(source.read(), MAX_PLAIN_BYTES);
  if (plain !== null) return { filename: source.name, contentType: "text/csv; charset=utf-8", content: plain };
  const gzipped = await collect(gzip(source.read()), MAX_GZIPPED_BYTES);
  return gzipped && { filename: `${source.name}.gz`, contentType: "application/gzip", content: gzipped };
}

function gzip(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return ReadableStream.from(bytes as AsyncIterable<BufferSource>).pipeThrough(new CompressionStream("gzip"));
}

async function collect(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array | null> {
  const kept: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > maxBytes) return null;
    kept.push(chunk);
  }
  return Buffer.concat(kept, size);
}
