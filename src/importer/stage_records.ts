/**
 * Reads the records of a roster, checks them and writes them into the transaction of its import. Records that would change
 * nothing are only counted (`unchanged_cache.ts`); when another record shows that one of them is needed after all, the file is read
 * once more for these.
 */
import { yieldToEventLoop as breatheOnce } from "../runtime/yield_to_event_loop.ts";
import type { Batch } from "./csv/batch.ts";
import { type Check, createCheck } from "./checks/check.ts";
import type { ReadJob } from "./import_job.ts";
import type { Restaging, Staged, Staging } from "./ports.ts";
import { ReadingNotes } from "./csv/reading_notes.ts";
import type { Roster } from "./csv/roster.ts";
import { DuplicateFilter } from "./digests/duplicate_filter.ts";

const NOBODY: ReadonlySet<string> = new Set();

/** `bytes`: the length of the roster's text. */
export async function stageRecords<Planned>(
  staging: Staging<Planned>,
  roster: Roster,
  bytes: number,
  job: ReadJob,
): Promise<{ staged: Staged<Planned>; notes: ReadingNotes }> {
  const { settings, clock, signal, facts, yieldToRequests: breathe = breatheOnce } = job,
    { header } = roster,
    { cache } = staging;
  const check = createCheck(header, settings, clock.now().toISOString().slice(0, 10));
  const suspects = new DuplicateFilter(bytes);
  const notes = new ReadingNotes();
  let read = 0;
  for await (const batch of roster.records(cache?.matcher, notes)) {
    signal.throwIfAborted();
    cache?.journal.note(batch);
    const problems = check(batch);
    cache?.journal.add(batch, problems);
    suspects.note(batch, header);
    await staging.write(batch, problems, suspects.inBatch);
    read += batch.count;
    facts.records = read + (cache?.matcher.skipped ?? 0);
    await breathe();
  }
  const ended = await staging.end(suspects.list, cache?.journal.repeated ?? NOBODY);
  return { staged: ended.again === null ? ended : await restage(ended, roster, check, job), notes };
}

/** Some users have more than one record, or want what another one has: all of these records are needed to judge them. */
async function restage<Planned>(
  restaging: Restaging<Planned>,
  { header, records }: Roster,
  check: Check,
  { signal, yieldToRequests: breathe = breatheOnce }: ReadJob,
): Promise<Staged<Planned>> {
  const { again } = restaging, [{ positions: [position] }] = header.present;
  const uniqueId = (batch: Batch, record: number) => batch.text(batch.firstValue[record] + position);
  const isWanted = again === "everybody"
    ? () => true
    : (batch: Batch, record: number) => !batch.malformed.has(record) && again.has(uniqueId(batch, record));
  for await (const batch of records()) {
    signal.throwIfAborted();
    await restaging.write(batch, check(batch), isWanted);
    await breathe();
  }
  return await restaging.end();
}
