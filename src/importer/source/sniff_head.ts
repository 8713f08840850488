/** Recognizes byte order marks and other file formats by the first bytes of a file. */
import { reject } from "../../domain/outcome.ts";
import { rejectMarkup } from "./markup.ts";

/** The number of bytes that {@link rejectOtherFormats} needs. */
export const HEAD_LENGTH = 4096;

export type UnicodeEncoding = "utf-8" | "utf-16le" | "utf-16be";

export interface ByteOrderMark {
  encoding: UnicodeEncoding;
  length: number;
}

/** Returns the first `length` bytes, or fewer if the stream is shorter. Closes the stream. */
export async function firstBytes(chunks: AsyncIterable<Uint8Array>, length: number): Promise<Uint8Array> {
  const head = new Uint8Array(length);
  let filled = 0;
  for await (const chunk of chunks) {
    const part = chunk.subarray(0, length - filled);
    head.set(part, filled);
    filled += part.length;
    if (filled === length) break;
  }
  return head.subarray(0, filled);
}

export function byteOrderMark(head: Uint8Array): ByteOrderMark | null {
  if (beginsWith(head, [0xef, 0xbb, 0xbf])) return { encoding: "utf-8", length: 3 };
  if (beginsWith(head, [0xff, 0xfe])) return { encoding: "utf-16le", length: 2 };
  if (beginsWith(head, [0xfe, 0xff])) return { encoding: "utf-16be", length: 2 };
  return null;
}

export function beginsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return bytes.length >= magic.length && magic.every((byte, at) => bytes[at] === byte);
}

const OTHER_FORMATS: readonly { magic: readonly number[]; code: string; text: string }[] = [
  {
    magic: [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1],
    code: "excel_workbook",
    text: "this is an Excel workbook: save it as CSV",
  },
  { magic: [0x25, 0x50, 0x44, 0x46, 0x2d], code: "pdf", text: "this is a PDF document: export the roster as CSV" },
  { magic: [0x1f, 0x8b], code: "gz_twice", text: "this file is gzipped twice: gzip it only once" },
  { magic: [0xff, 0xfe, 0, 0], code: "utf32", text: "this file is UTF-32: save it as CSV in UTF-8" },
  { magic: [0, 0, 0xfe, 0xff], code: "utf32", text: "this file is UTF-32: save it as CSV in UTF-8" },
];

const ZIP: readonly number[] = [0x50, 0x4b, 3, 4];
const EMPTY_ZIP: readonly number[] = [0x50, 0x4b, 5, 6];

/** Rejects a file whose first {@link HEAD_LENGTH} bytes show that it is in another format. */
export function rejectOtherFormats(head: Uint8Array): void {
  for (const { magic, code, text } of OTHER_FORMATS) {
    if (beginsWith(head, magic)) reject(code, text);
  }
  if (beginsWith(head, ZIP) || beginsWith(head, EMPTY_ZIP)) rejectZip(head);
  rejectMarkup(new TextDecoder(byteOrderMark(head)?.encoding ?? "windows-1252").decode(head));
  if (byteOrderMark(head) === null && looksLikeUtf16(head)) {
    reject("utf16_without_bom", "this file is UTF-16 without a byte order mark: save it as CSV in UTF-8");
  }
}

/** Office files are zip archives in which the names of the first entries reveal the format. */
function rejectZip(head: Uint8Array): never {
  const entries = new TextDecoder("windows-1252").decode(head);
  if (entries.includes("xl/") || entries.includes("[Content_Types].xml")) {
    reject("excel_workbook", "this is an Excel workbook: save it as CSV");
  }
  if (entries.includes("application/vnd.oasis.opendocument")) {
    reject("open_document", "this is a LibreOffice document: save it as CSV");
  }
  reject("zip", "this is a zip archive: unpack it and upload the CSV file in it");
}

/** In UTF-16, every second byte of an ASCII header is NUL. */
function looksLikeUtf16(head: Uint8Array): boolean {
  const nuls = [0, 0];
  head.forEach((byte, at) => {
    if (byte === 0) nuls[at % 2]++;
  });
  return Math.min(...nuls) === 0 && Math.max(...nuls) > head.length / 4;
}
