/** Sniffs and decodes a file as an import would. */
import type { Settings } from "../../src/domain/settings.ts";
import { utf8Chunks } from "../../src/importer/source/decode.ts";
import { type Encoding, sniff, type Sniffed } from "../../src/importer/source/sniff.ts";
import type { RosterFile } from "../../src/importer/inbox_port.ts";
import { openSource } from "../../src/importer/source/source.ts";

/** `encoding`: decodes the file as if sniffing had detected this encoding. */
export async function examinedText(
  file: RosterFile,
  fallbackEncoding: Settings["fallback_encoding"],
  encoding?: Encoding,
): Promise<Sniffed & { text: () => AsyncGenerator<Uint8Array> }> {
  const source = await openSource(file);
  const found = await sniff(source, { fallbackEncoding });
  const examined = encoding === undefined ? found : { ...found, encoding, invalidBytes: true, hasUtf8: true };
  return { ...examined, text: () => utf8Chunks(source, examined.encoding, examined.hasUtf8) };
}
