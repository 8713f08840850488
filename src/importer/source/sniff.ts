/** Reads a whole file to determine its encoding (docs/file-format.md#encoding). Rejects a file that is not text. */
import { grouped } from "../../runtime/grouped.ts";
import { createHash } from "node:crypto";
import { reject } from "../../domain/outcome.ts";
import type { Settings } from "../../domain/settings.ts";
import { type ByteOrderMark, byteOrderMark, rejectOtherFormats } from "./sniff_head.ts";
import { lineAt } from "./line_at.ts";
import { Utf16Survey } from "./survey_utf16.ts";
import { MAX_PADDING_BYTES } from "./text_end.ts";
import { Utf8Survey } from "./survey_utf8.ts";
import type { Source } from "./source.ts";

type FallbackEncoding = Settings["fallback_encoding"];

export type Encoding = "utf-8" | "utf-16le" | "utf-16be" | Exclude<FallbackEncoding, "reject">;

export interface Sniffed {
  /** The digest of the bytes on disk, before unpacking, in hexadecimal. */
  sha256: string;
  unpackedBytes: number;
  encoding: Encoding;
  /**
   * Whether the text may contain invalid bytes, which make their records malformed. The value false is always reliable.
   * The value true is reliable only for UTF-8 and UTF-16.
   */
  invalidBytes: boolean;
  /** Whether a text in a fallback encoding contains valid UTF-8 sequences. */
  hasUtf8: boolean;
}

export interface SniffOptions {
  fallbackEncoding: FallbackEncoding;
  signal?: AbortSignal;
  /** Called after each chunk with the number of bytes read from disk. */
  onProgress?: (bytes: number) => void;
}

/**
 * Sniffs a file. Throws `RejectedFile` with the codes of `unpackedGz` and `rejectOtherFormats`, and with `empty`,
 * `nul_bytes`, `cut_off` and `encoding_rejected`. Throws the abort reason if `signal` is aborted.
 */
export async function sniff(source: Source, options: SniffOptions): Promise<Sniffed> {
  const { head } = source;
  const mark = byteOrderMark(head);
  if (head.length === (mark?.length ?? 0)) reject("empty", "the file is empty: export the roster and upload it again");
  rejectOtherFormats(head);
  return mark === null || mark.encoding === "utf-8"
    ? await sniffBytes(source, mark, options)
    : await sniffUtf16(source, mark.encoding, mark.length, options);
}

async function sniffBytes(source: Source, mark: ByteOrderMark | null, options: SniffOptions): Promise<Sniffed> {
  const survey = new Utf8Survey();
  const sums = await surveyFile(source, survey, options, mark?.length ?? 0);
  const utf8 = mark !== null || survey.invalidBytes <= survey.validSequences;
  const encoding = utf8 ? "utf-8" : fallback(options.fallbackEncoding);
  const hasUtf8 = !utf8 && survey.validSequences > 0;
  const invalidBytes = utf8 ? survey.invalidBytes > 0 : leavesGaps(encoding) || hasUtf8;
  return { ...sums, encoding, invalidBytes, hasUtf8 };
}

async function sniffUtf16(
  source: Source,
  encoding: "utf-16le" | "utf-16be",
  bomLength: number,
  options: SniffOptions,
): Promise<Sniffed> {
  const survey = new Utf16Survey(encoding);
  const sums = await surveyFile(source, survey, options, bomLength);
  if (survey.oddLength) {
    const line = await lineAt(() => source.read());
    reject("cut_off", `the file looks cut off at line ${line}, in the middle of a character: upload it again`, line);
  }
  return { ...sums, encoding, invalidBytes: survey.illFormed, hasUtf8: false };
}

async function surveyFile(
  source: Source,
  survey: Utf8Survey | Utf16Survey,
  { signal, onProgress }: SniffOptions,
  bomLength: number,
): Promise<Pick<Sniffed, "sha256" | "unpackedBytes">> {
  const hash = createHash("sha256");
  let bytes = 0;
  let unpackedBytes = 0;
  const onRead = (chunk: Uint8Array) => {
    signal?.throwIfAborted();
    bytes += chunk.length;
    onProgress?.(bytes);
  };
  for await (const chunk of source.read(onRead)) {
    survey.add(chunk);
    hash.update(chunk);
    unpackedBytes += chunk.length;
  }
  survey.end();
  rejectOtherThanText(survey.textEnd - bomLength, unpackedBytes - survey.textEnd, survey.nuls);
  return { sha256: hash.digest("hex"), unpackedBytes };
}

/** A single NUL only makes its record malformed, but a file full of NULs is not text. */
function rejectOtherThanText(text: number, padding: number, nuls: number): void {
  if (text === 0 && nuls === 0) reject("empty", "the file is empty: export the roster and upload it again");
  if (text === 0 || nuls - padding > text / 10) {
    reject("nul_bytes", "the file is full of NUL bytes, so it is not text: save the roster as CSV in UTF-8");
  }
  if (padding > MAX_PADDING_BYTES) {
    reject("cut_off", `the last ${grouped(padding)} bytes of the file are empty, so it looks cut off: upload it again`);
  }
}

function fallback(setting: FallbackEncoding): Exclude<FallbackEncoding, "reject"> {
  if (setting !== "reject") return setting;
  reject("encoding_rejected", "this file is neither UTF-8 nor UTF-16: save it as CSV in UTF-8");
}

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);

function leavesGaps(encoding: Encoding): boolean {
  return new TextDecoder(encoding).decode(EVERY_BYTE).includes("\ufffd");
}
