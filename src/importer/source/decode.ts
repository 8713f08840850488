/**
 * Converts a roster to UTF-8 for `csv.ts`. Bytes that map to no character become invalid UTF-8, so that their records
 * fail.
 */
import { Buffer } from "node:buffer";
import { type ToUtf8, utf8FromMixed } from "./decode_mixed.ts";
import type { Encoding } from "./sniff.ts";
import { byteOrderMark } from "./sniff_head.ts";
import { withoutEnding } from "./text_end.ts";
import { Utf16Reader } from "./survey_utf16.ts";
import type { Source } from "./source.ts";

/**
 * Yields a file's text as UTF-8 in non-empty chunks, without the byte order mark and end marks. `hasUtf8`: whether
 * single-byte text may contain UTF-8. Passing true is always safe, but slower. Throws the same errors as {@link
 * Source.read}.
 */
export function utf8Chunks(source: Source, encoding: Encoding, hasUtf8 = true): AsyncGenerator<Uint8Array> {
  return withoutEnding(convertedChunks(source, utf8From(encoding, hasUtf8)));
}

async function* convertedChunks(source: Source, toUtf8: ToUtf8): AsyncGenerator<Uint8Array> {
  let mark = byteOrderMark(source.head)?.length ?? 0;
  for await (const chunk of source.read()) {
    const text = chunk.subarray(mark);
    mark -= chunk.length - text.length;
    const utf8 = toUtf8.next(text);
    if (utf8.length > 0) yield utf8;
  }
  const rest = toUtf8.end();
  if (rest.length > 0) yield rest;
}

const NOTHING = new Uint8Array(0);

function utf8From(encoding: Encoding, hasUtf8: boolean): ToUtf8 {
  switch (encoding) {
    case "utf-8":
      return { next: (bytes) => bytes, end: () => NOTHING };
    case "utf-16le":
    case "utf-16be":
      return utf8FromUtf16(new Utf16Reader(encoding));
    default: {
      const plain = utf8FromSingleBytes(new TextDecoder(encoding));
      return hasUtf8 ? utf8FromMixed(encoding, plain) : plain;
    }
  }
}

function utf8FromUtf16(reader: Utf16Reader): ToUtf8 {
  const encode = (text: string) => text.isWellFormed() ? encoder.encode(text) : encodeWithGaps(text.split(LONE_HALF));
  return { next: (bytes) => encode(reader.text(bytes)), end: () => encode(reader.end().text) };
}

/**
 * The decoder returns U+FFFD for a byte that maps to no character. U+FFFD itself does not exist in any single-byte
 * encoding.
 */
function utf8FromSingleBytes(decoder: TextDecoder): ToUtf8 {
  const encode = (text: string) =>
    text.includes("\ufffd") ? encodeWithGaps(text.split("\ufffd")) : encoder.encode(text);
  return { next: (bytes) => encode(decoder.decode(bytes)), end: () => NOTHING };
}

const encoder = new TextEncoder();
const LONE_HALF = /\p{Surrogate}/u;
/** A byte that never occurs in UTF-8 text. */
const INVALID = Uint8Array.of(0xff);

function encodeWithGaps(parts: string[]): Uint8Array {
  return Buffer.concat(
    parts.flatMap((part, at) => at === 0 ? [encoder.encode(part)] : [INVALID, encoder.encode(part)]),
  );
}
