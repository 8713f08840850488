/**
 * Finds the physical line of a place in a file, for the message of a rejection. It reads the file anew, so that
 * files that are not rejected pay nothing for it.
 */
import { byteOrderMark, firstBytes } from "./sniff_head.ts";

/**
 * The physical line, as a text editor counts (LF, CRLF and CR), of the byte at `offset`; without an offset, of the
 * end. `read` gives the unpacked bytes from the beginning, each time it is called.
 */
export async function lineAt(read: () => AsyncIterable<Uint8Array>, offset = Infinity): Promise<number> {
  const encoding = byteOrderMark(await firstBytes(read(), 3))?.encoding;
  // Line ends are ASCII in every encoding but UTF-16, so the bytes can stand for the characters.
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
