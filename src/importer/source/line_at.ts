/**
 * Finds the line number of an offset by reading the file again. Only a rejection needs the line number, so valid files
 * are not read again.
 */
import { byteOrderMark, firstBytes } from "./sniff_head.ts";

/**
 * The physical line that contains the byte at `offset`, or the end of the file. Lines end with LF, CRLF or CR. Each
 * call of `read` yields the unpacked bytes from the beginning.
 */
export async function lineAt(read: () => AsyncIterable<Uint8Array>, offset = Infinity): Promise<number> {
  const encoding = byteOrderMark(await firstBytes(read(), 3))?.encoding;
  // In every encoding except UTF-16, line endings are ASCII bytes.
  const decoder = new TextDecoder(encoding === "utf-16le" || encoding === "utf-16be" ? encoding : "windows-1252");
  let line = 1;
  let left = offset;
  let afterReturn = false;
  for await (const chunk of read()) {
    const text = decoder.decode(chunk.subarray(0, left), { stream: true });
    line += text.match(/\r\n?|\n/g)?.length ?? 0;
    if (afterReturn && text.startsWith("\n")) line--;
    if (text !== "") afterReturn = text.endsWith("\r");
    left -= chunk.length;
    if (left <= 0) break;
  }
  return line;
}
