/**
 * Checks the values of records (docs/file-format.md#values) and changes them to the form in which they are stored: trimmed,
 * without the spreadsheet guard, regions in upper case, and marked as keeping or clearing.
 *
 * Works on the bytes of a batch, column by column, and decodes text only for rules and reasons that need it. Repeated and taken
 * values need other records, so SQL finds them later.
 */
import { ALWAYS_TRIMMED, type Column } from "../../domain/columns.ts";
import type { Problem, ProblemCode } from "../../domain/outcome.ts";
import type { Settings } from "../../domain/settings.ts";
import { Batch } from "../csv/batch.ts";
import { type Header, isRequired, type PresentColumn } from "./header.ts";
import { malformedReason } from "../csv/malformed.ts";
import { isGuarded } from "./spreadsheet.ts";
import { createRule, lostCharacter, type Rule } from "./rules.ts";

/** The problems of a batch, by the position of the record. */
export type FoundProblems = ReadonlyMap<number, Problem[]>;

export type Check = (batch: Batch) => FoundProblems;

const APOSTROPHE = 0x27;

/** Prepares the checks for one file. `today` is the UTC date on which the import began. */
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
      const violation = start[value] === end[value]
        ? empty(batch, value)
        : (flags[value] & Batch.NOT_ASCII ? lostCharacter(column, batch, value) : null) ?? rule(batch, value);
      if (violation !== null) addProblem(found, record, column, violation);
    }
  };
}

/** Removes doubled quotes, the spreadsheet guard, and blanks inside quotes if the column is trimmed. */
function normalize(batch: Batch, value: number, trims: boolean): void {
  const flags = batch.flags[value];
  if (flags & Batch.DOUBLED_QUOTES) batch.unescapeQuotes(value);
  if (trims && flags & Batch.QUOTED) batch.trim(value);
  if (batch.bytes[batch.start[value]] !== APOSTROPHE || !isGuarded(batch.text(value))) return;
  batch.start[value]++;
  if (trims) batch.trim(value);
}

/** An empty value is a problem if the column is required; otherwise it keeps or clears. */
function createEmptyRule(column: Column, settings: Settings): Rule {
  const missing: Partial<Record<string, ProblemCode>> = { unique_id: "9013", login_source: "9014" };
  if (isRequired(column, settings)) {
    const violation = { code: missing[column.name] ?? "9031" as const, reason: `${column.name} is missing` };
    return () => violation;
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
