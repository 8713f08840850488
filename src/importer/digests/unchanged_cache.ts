/**
 * The unchanged-record cache recognizes unchanged records by their bytes alone. The cache saves most of the work when
 * the registry sends almost the same roster every night.
 *
 * For each user, the database keeps a digest of the record that was applied last. The digest is valid until another
 * program changes the user's row (`../../postgres/import/unchanged_store.ts`). The digest covers the bytes of the
 * record in the roster, and all facts that affect the meaning of these bytes: the header, the settings, and the version
 * of rosterd. A record with the same digest is counted and skipped. All other records are read, checked and compared as
 * usual.
 */
import { createHash } from "node:crypto";
import manifest from "../../../deno.json" with { type: "json" };
import type { Settings } from "../../domain/settings.ts";
import { feedsOf } from "../../domain/feed_settings.ts";
import { Digest } from "./digest.ts";
import { type Header, oldIdPosition } from "../checks/header.ts";
import { UnchangedJournal } from "./unchanged_journal.ts";
import { UnchangedMatcher } from "./unchanged_matcher.ts";
import { UnchangedTable } from "./unchanged_table.ts";

/** Settings that do not change the effect of a record. */
const ELSEWHERE: ReadonlySet<string> = new Set<keyof Settings>([
  "interval_minutes",
  "settle_seconds",
  "apply",
  "paused_until",
  "reply_to_admin_email",
  "failed_import_email",
  "mail_on",
  "public_url",
  "archive_guard",
  "change_guard",
  "bak_retention_days",
  "purge_archived_after_days",
  "expected_every_hours",
  "clerks_may_decide",
  "smtp",
  // Of the feeds, only the names and the order matter.
  "feeds",
]);

export interface UnchangedCache {
  readonly table: UnchangedTable;
  readonly matcher: UnchangedMatcher;
  readonly journal: UnchangedJournal;
}

export function createUnchangedCache(delimiter: string, header: Header, settings: Settings): UnchangedCache {
  const seed = createHash("sha256").update(contextOf(delimiter, header, settings)).digest();
  const digest = new Digest(seed.readInt32LE(0), seed.readInt32LE(4));
  const position = header.present[0].positions[0], oldId = oldIdPosition(header);
  const table = new UnchangedTable();
  return {
    table,
    matcher: new UnchangedMatcher(table, digest, delimiter.charCodeAt(0), position),
    journal: new UnchangedJournal(table, digest, position, oldId),
  };
}

/**
 * All facts that affect the meaning of a record's bytes, as one text. Digests from different contexts never match.
 */
function contextOf(delimiter: string, header: Header, settings: Settings): string {
  const meant = Object.entries(settings).filter(([name]) => !ELSEWHERE.has(name)).sort();
  return JSON.stringify([manifest.version, delimiter, header.names, meant, feedsOf(settings)]);
}
