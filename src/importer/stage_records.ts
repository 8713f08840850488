/**
 * Reads, checks and stages the records of a roster. Unchanged records are only counted (`unchanged_cache.ts`). If
 * another record depends on a skipped record, the file is read a second time.
 */
import { yieldToEventLoop } from "../runtime/yield_to_event_loop.ts";
import type { Batch } from "./csv/batch.ts";
import { type Check, createCheck } from "./checks/check.ts";
import type { ReadJob } from "./import_job.ts";
import type { Restaging, Staged, Staging } from "./ports.ts";
import { ReadingNotes } from "./csv/reading_notes.ts";
import type { Roster } from "./csv/roster.ts";
import { DuplicateFilter } from "./digests/duplicate_filter.ts";

/** `bytes`: the length of the roster's text. */
export async function stageRecords<Planned>(
  staging: Staging<Planned>,
  roster: Roster,
  bytes: number,
  job: ReadJob,
): Promise<{ staged: Staged<Planned>; notes: ReadingNotes }> {
  const { settings, clock, signal, facts, findings, yieldToRequests = yieldToEventLoop } = job,
    { header } = roster,
    { cache } = staging;
  const today = clock.now().toISOString().slice(0, 10);
  const check = createCheck(header, settings, today, findings);
  const possibleDuplicates = new DuplicateFilter(bytes);
  const found = () => [possibleDuplicates.take(), cache?.journal.takeRepeated() ?? []] as const;
  const notes = new ReadingNotes();
  let read = 0;
  for await (const batch of roster.records(cache?.matcher, notes)) {
    signal.throwIfAborted();
    cache?.journal.note(batch);
    const problems = check(batch);
    cache?.journal.add(batch, problems);
    possibleDuplicates.note(batch, header);
    await staging.write(batch, problems, possibleDuplicates.inBatch);
    if (possibleDuplicates.isLarge || cache?.journal.hasManyRepeated) await staging.note(...found());
    read += batch.count;
    facts.records = read + (cache?.matcher.skipped ?? 0);
    await yieldToRequests();
  }
  findings.skipped = cache?.matcher.skipped ?? 0;
  const ended = await staging.end(...found());
  return {
    staged: ended.users === null ? ended : await restage(ended, roster, createCheck(header, settings, today), job),
    notes,
  };
}

/** Reads the file again and stages all records of the given users. */
async function restage<Planned>(
  restaging: Restaging<Planned>,
  { header, records }: Roster,
  check: Check,
  { signal, yieldToRequests = yieldToEventLoop }: ReadJob,
): Promise<Staged<Planned>> {
  const { users } = restaging, [{ positions: [position] }] = header.present;
  const isWanted = (batch: Batch, record: number) => {
    const value = batch.firstValue[record] + position;
    return !batch.malformed.has(record) && users.has(batch.view, batch.start[value], batch.end[value]);
  };
  for await (const batch of records()) {
    signal.throwIfAborted();
    await restaging.write(batch, check(batch), isWanted);
    await yieldToRequests();
  }
  return await restaging.end();
}
