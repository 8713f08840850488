/** Erases users and every trace of them in the database (docs/people.md#erasure). */
import { CannotDecide } from "../../domain/decision.ts";
import { type Erased, MAX_ERASED_FILES } from "../../domain/erasure.ts";
import { hasCode } from "../../runtime/errors.ts";
import type { Database, Tx } from "../connection/connect.ts";
import eraseExamples from "../queries/erase/examples.sql" with { type: "text" };
import eraseFiles from "../queries/erase/files.sql" with { type: "text" };
import findArchived from "../queries/erase/find_archived.sql" with { type: "text" };
import findIds from "../queries/erase/find_ids.sql" with { type: "text" };
import findUser from "../queries/erase/find_user.sql" with { type: "text" };
import eraseMentions from "../queries/erase/mentions.sql" with { type: "text" };
import eraseReasons from "../queries/erase/reasons.sql" with { type: "text" };
import eraseTraces from "../queries/erase/traces.sql" with { type: "text" };
import eraseUsers from "../queries/erase/users.sql" with { type: "text" };
import { lockBriefly, withoutImports } from "./decision.ts";
import { eraseDigests } from "./erased_digests.ts";
import { eraseQuotes } from "./erased_quotes.ts";

/**
 * SQL for the user whom the reason of a problem names: the holder of a taken value, or an old id. Null if the reason
 * names no user.
 */
const NAMED = `coalesce(
    substring(problem ->> 'reason' from ' user "(.*)"'),
    substring(problem ->> 'reason' from '^old_unique_id "(.*)" (?:is also|has a record of its own) on line ')
  )`;
const IS_ERASED = `(problem ->> 'code' in ('9019', '9020', '9022') and exists (
    select from erased_ids as e where e.unique_id = ${NAMED} and f.import_id between e.first_import and e.last_import
  ))`;
const REASONS = eraseReasons.replaceAll("{{is_erased}}", IS_ERASED).replaceAll("{{named}}", NAMED);

/** The value of `by` when rosterd erases users because of a setting and not because an admin decided to. */
const PURGE = "purge_archived_after_days";

/** The number of users per batch. Other programs wait only briefly for a batch of this size. */
const MAX_PURGED_AT_ONCE = 500;

interface ErasureOptions {
  /** The setting `bak_retention_days`: the number of days after which files in `bak` are deleted. */
  retentionDays: number;
  signal: AbortSignal;
  /** The admin or the setting that erases the user. */
  by: string;
}

/**
 * Erases one user. Returns null for an unknown user. Throws {@link CannotDecide} for a user with access or an active
 * permit.
 */
export async function eraseUser(
  database: Database,
  uniqueId: string,
  { retentionDays, signal, by }: ErasureOptions,
): Promise<Erased | null> {
  return await withoutImports(database, signal, (tx) =>
    lockBriefly(tx, signal, async ({ tx }) => {
      await tx.unsafe(findUser, [uniqueId]);
      const [user] = await tx<{ active: boolean; has_permit: boolean }[]>`select active, has_permit from erasing`;
      if (user === undefined) return null;
      requireErasable(user);
      await tx.unsafe(findIds);
      const files = await tx.unsafe(eraseFiles, [retentionDays, MAX_ERASED_FILES]);
      await eraseAll(tx, by).catch((error) => {
        if (!isReferenced(error)) throw error;
        throw new CannotDecide(
          "referenced",
          "another program's table refers to this user: remove that reference first",
        );
      });
      return {
        files: files.map(({ import: id, feed, file, kept_until }) => ({
          import: id,
          feed,
          file,
          kept_until: kept_until?.toISOString() ?? null,
        })),
        files_total: files[0]?.total ?? 0,
      };
    }));
}

function requireErasable({ active, has_permit }: { active: boolean; has_permit: boolean }): void {
  if (active) throw new CannotDecide("active", "this user has access: only users without access can be erased");
  if (has_permit) {
    throw new CannotDecide("active_permit", "this user has an active permit: release it, then erase the user");
  }
}

/**
 * Erases all users archived for more than `days`, in batches. Resolves to the number of erased users. Skips users
 * referenced by other programs' tables.
 */
export async function purgeArchived(database: Database, days: number, signal: AbortSignal): Promise<number> {
  const referenced: string[] = [];
  for (let erased = 0;;) {
    const found = await withoutImports(database, signal, (tx) =>
      lockBriefly(tx, signal, async ({ tx }) => {
        const { count } = await tx.unsafe(findArchived, [days, MAX_PURGED_AT_ONCE, JSON.stringify(referenced)]);
        const kept = count === 0 ? [] : await purgeFound(tx);
        referenced.push(...kept);
        return { count, erased: count - kept.length };
      }));
    erased += found.erased;
    if (found.count < MAX_PURGED_AT_ONCE) return erased;
  }
}

/** Erases the users in the table `erasing`. Resolves to the users to whom another program's table refers. */
async function purgeFound(tx: Tx): Promise<string[]> {
  try {
    await tx.savepoint((inner) => eraseFound(inner));
    return [];
  } catch (error) {
    if (!isReferenced(error)) throw error;
  }
  const kept: string[] = [], found = await tx<{ unique_id: string }[]>`select unique_id from erasing`;
  for (const { unique_id } of found) {
    try {
      await tx.savepoint((inner) => inner`delete from rosterd.users where unique_id = ${unique_id}`);
    } catch (error) {
      if (!isReferenced(error)) throw error;
      await tx`delete from erasing where unique_id = ${unique_id}`;
      kept.push(unique_id);
    }
  }
  if (kept.length < found.length) await eraseFound(tx);
  return kept;
}

async function eraseFound(tx: Tx): Promise<void> {
  await tx.unsafe(findIds);
  await eraseAll(tx, PURGE);
}

/**
 * Erases the users in the table `erasing`, with their ids in `erased_ids`. Deletes their rows first, because another
 * program's table may prevent that and the other steps take a long time.
 */
async function eraseAll(tx: Tx, by: string): Promise<void> {
  await tx.unsafe("analyze erasing");
  await tx.unsafe(eraseUsers, [by]);
  await eraseDigests(tx);
  await eraseQuotes(tx);
  await tx.unsafe(eraseMentions);
  await tx.unsafe(eraseTraces);
  await tx.unsafe(REASONS);
  await tx.unsafe(eraseExamples);
}

function isReferenced(error: unknown): boolean {
  return hasCode(error, "23503", "23001");
}
