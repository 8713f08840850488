/**
 * Checks the values of records (contract, section 2, "Columns" and "Partial updates") and puts them into the form in which they
 * are stored: trimmed, without the spreadsheet guard, regions in upper case, and marked as keeping or clearing.
 *
 * Works on the bytes of a batch, column by column; text is made only where a rule needs it or a reason quotes it. What
 * needs other records or the database (repeated and taken values) is judged later, in SQL.
 */
import { ALWAYS_TRIMMED, type Column } from "../../domain/columns.ts";
import type { Problem, ProblemCode } from "../../domain/outcome.ts";
import type { Settings } from "../../domain/settings.ts";
import { Batch } from "../csv/batch.ts";
import { type Header, isRequired, type PresentColumn } from "./header.ts";
import { malformedReason } from "../csv/malformed.ts";
import { isGuarded } from "./spreadsheet.ts";
import { createRule, lostCharacter, type Rule } from "./rules.ts";

/** The records of one batch that have problems, by their position in it. */
export type FoundProblems = ReadonlyMap<number, Problem[]>;

/** Checks the records of a batch in place. */
export type Check = (batch: Batch) => FoundProblems;

const APOSTROPHE = 0x27;

/** Prepares the checks for one file. `today` is the day (UTC) on which the import began. */
export function createCheck(header: Header, settings: Settings, today: string): Check {
  const columns = header.present.map((present) => createColumnCheck(present, settings, today));
  return (batch) => {
    const found = new Map<number, Problem[]>();
    for (const [record, why] of batch.malformed) {
      found.set(record, [{ column: null, code: "malformed", reason: malformedReason(why, header.names) }]);
    }
    for (const check of columns) check(batch, found);
    return found;
  };
}

type ColumnCheck = (batch: Batch, found: Map<number, Problem[]>) => void;

function createColumnCheck({ column, positions }: PresentColumn, settings: Settings, today: string): ColumnCheck {
  const [first, ...others] = positions;
  const trims = ALWAYS_TRIMMED.has(column.name);
  const rule = createRule(column, settings, today);
  const empty = createEmptyRule(column, settings);
  return (batch, found) => {
    const { firstValue, start, end, flags, malformed } = batch;
    for (let record = 0; record < batch.count; record++) {
      if (malformed.size > 0 && malformed.has(record)) continue;
      const value = firstValue[record] + first;
      normalize(batch, value, trims);
      for (const other of others) {
        if (start[value] < end[value]) break;
        batch.putFrom(value, firstValue[record] + other);
        normalize(batch, value, trims);
      }
      const fault = start[value] === end[value]
        ? empty(batch, value)
        : (flags[value] & Batch.NOT_ASCII ? lostCharacter(column, batch, value) : null) ?? rule(batch, value);
      if (fault !== null) addProblem(found, record, column, fault);
    }
  };
}

/** Doubled quotes become one, blanks within quotes go where the column wants it, and the spreadsheet guard goes. */
function normalize(batch: Batch, value: number, trims: boolean): void {
  const flags = batch.flags[value];
  if (flags & Batch.DOUBLED_QUOTES) batch.unescapeQuotes(value);
  if (trims && flags & Batch.QUOTED) batch.trim(value);
  if (batch.bytes[batch.start[value]] !== APOSTROPHE || !isGuarded(batch.text(value))) return;
  batch.start[value]++;
  if (trims) batch.trim(value);
}

/** What an empty value means: 9013 and 9014, 9031 where it is required, else keep or clear. */
function createEmptyRule(column: Column, settings: Settings): Rule {
  const missing: Partial<Record<string, ProblemCode>> = { unique_id: "9013", login_source: "9014" };
  if (isRequired(column, settings)) {
    const fault = { code: missing[column.name] ?? "9031" as const, reason: `${column.name} is missing` };
    return () => fault;
  }
  const clears = settings.empty_values === "clear" && column.kind !== "flag";
  return (batch, value) => {
    batch.flags[value] |= clears ? Batch.CLEARS : Batch.KEEPS;
    return null;
  };
}

function addProblem(
  found: Map<number, Problem[]>,
  record: number,
  { name }: Column,
  { code, reason }: { code: ProblemCode; reason: string },
): void {
  const problem: Problem = { column: name, code, reason };
  const problems = found.get(record);
  if (problems === undefined) found.set(record, [problem]);
  else problems.push(problem);
}
