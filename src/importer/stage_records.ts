/**
 * Reads the records of a roster, checks them and writes them into the transaction of its import. Records that are known to change
 * nothing are only counted (`known_records.ts`); when another record shows that one of them is needed after all, the file is read
 * once more for these.
 */
import type { Settings } from "../domain/settings.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Batch } from "./batch.ts";
import { type Check, createCheck } from "./check.ts";
import { canPassOver, KnownRecords } from "./known_records.ts";
import type { Again, Facts, ImportTransaction } from "./ports.ts";
import type { Roster } from "./roster.ts";
import { Suspects } from "./suspects.ts";

export interface Staging {
  roster: Roster;
  /** The length of its text. */
  bytes: number;
  /** Null: nothing will be carried out. */
  importId: number | null;
  settings: Settings;
  clock: Clock;
  signal: AbortSignal;
  breathe: () => Promise<void>;
  facts: Facts;
}

export async function stageRecords(transaction: ImportTransaction, staging: Staging): Promise<void> {
  const { roster, bytes, importId, settings, clock, signal, breathe, facts } = staging;
  const { header, delimiter } = roster;
  facts.delimiter = delimiter;
  facts.records = 0;
  const stage = await transaction.stage(header, settings, importId);
  const known = importId !== null && canPassOver(settings) ? new KnownRecords(delimiter, header, settings) : null;
  if (importId !== null) await transaction.recall(known, bytes);
  const check = createCheck(header, settings, clock.now().toISOString().slice(0, 10));
  const suspects = new Suspects(bytes);
  let read = 0;
  for await (const batch of roster.records(known ?? undefined)) {
    signal.throwIfAborted();
    known?.note(batch);
    const problems = check(batch);
    known?.keep(batch, problems);
    suspects.note(batch, header);
    await stage.write(batch, problems, suspects.inBatch);
    read += batch.count;
    facts.records = read + (known?.passed ?? 0);
    await breathe();
  }
  const again = await stage.end(suspects.list, known?.repeated ?? NOBODY);
  if (again !== null) await stageAgain(transaction, staging, check, again);
}

const NOBODY: ReadonlySet<string> = new Set();

/** Some users have more than one record, or want what another one has: all of these records are needed to judge them. */
async function stageAgain(
  transaction: ImportTransaction,
  { roster: { header, records }, signal, breathe }: Staging,
  check: Check,
  again: Again,
): Promise<void> {
  const stage = await transaction.stageAgain();
  const [{ positions: [position] }] = header.present;
  const uniqueId = (batch: Batch, record: number) => batch.text(batch.firstValue[record] + position);
  const isWanted = again === "everybody"
    ? () => true
    : (batch: Batch, record: number) => !batch.malformed.has(record) && again.has(uniqueId(batch, record));
  for await (const batch of records()) {
    signal.throwIfAborted();
    await stage.write(batch, check(batch), isWanted);
    await breathe();
  }
  await stage.end();
}
