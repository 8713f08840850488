/** Finds the headers of a roster that has no known header for `unique_id`, so that a check can ask about them. */
import { RejectedFile } from "../domain/outcome.ts";
import type { Settings } from "../domain/settings.ts";
import { withOtherWords } from "./checks/suggested_columns.ts";
import { openRoster } from "./csv/roster.ts";
import type { RosterFile } from "./inbox_port.ts";
import { utf8Chunks } from "./source/decode.ts";
import { sniff } from "./source/sniff.ts";
import { openSource } from "./source/source.ts";

/**
 * Searches for the header again, and also accepts the column names of other systems. These names may reveal a header
 * below title lines, or a different delimiter.
 */
export async function probeHeaders(
  file: RosterFile,
  { settings, signal }: { settings: Settings; signal: AbortSignal },
): Promise<readonly string[]> {
  const source = await openSource(file);
  const fallbackEncoding = settings.fallback_encoding;
  const { encoding, hasUtf8, invalidBytes } = await sniff(source, { fallbackEncoding, signal, onProgress: () => {} });
  try {
    const text = () => utf8Chunks(source, encoding, hasUtf8);
    return (await openRoster(text, withOtherWords(settings), invalidBytes)).header.names;
  } catch (error) {
    if (error instanceof RejectedFile) return error.headers;
    throw error;
  }
}
