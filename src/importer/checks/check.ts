/**
 * Checks the values of records (docs/file-format.md#values) and converts them to their stored form: trimmed, without
 * the spreadsheet guard, with regions in upper case. Marks empty values that keep or clear a user's current value.
 *
 * The checks work on the bytes of a batch, column by column, and decode text only if a rule or a message needs it.
 * Finding repeated or taken values requires other records, so SQL does that later.
 */
import { createHash } from "node:crypto";
import { ALWAYS_TRIMMED, type Column } from "../../domain/columns.ts";
import type { Problem, ProblemCode } from "../../domain/outcome.ts";
import type { Settings } from "../../domain/settings.ts";
import { Batch } from "../csv/batch.ts";
import { type Header, type PresentColumn, requiredColumns } from "./header.ts";
import { malformedReason } from "../csv/malformed.ts";
import { isGuarded } from "./spreadsheet.ts";
import { Findings } from "./findings.ts";
import { createMapping } from "./mapping.ts";
import type { Rule } from "./rule.ts";
import { createRule } from "./rules.ts";

/** The problems in a batch, by record position. */
export type FoundProblems = ReadonlyMap<number, FoundProblem[]>;

/** `key`: the hash of a malformed record's text. A later import recognizes the record by this hash. */
type FoundProblem = Problem & { key?: string };

export type Check = (batch: Batch) => FoundProblems;

const APOSTROPHE = 0x27;

/**
 * Prepares the checks for one file. `today`: the UTC date on which the import began. `findings` collects the failures.
 */
export function createCheck(header: Header, settings: Settings, today: string, findings = new Findings()): Check {
  const columns = header.present.map((present) => createColumnCheck(present, settings, today, findings));
  return (batch) => {
    const found = new Map<number, FoundProblem[]>();
    for (const [record, why] of batch.malformed) {
      const reason = malformedReason(why, header.names), key = textKey(batch.recordText(record));
      found.set(record, [{ column: null, code: "malformed", reason, key }]);
    }
    const damaged = new Map<number, string>();
    for (const check of columns) check(batch, found, damaged);
    for (const reason of damaged.values()) findings.addDamaged(1, reason);
    return found;
  };
}

function textKey(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** `damaged`: the reason for each record that has a damaged value. */
type ColumnCheck = (batch: Batch, found: Map<number, FoundProblem[]>, damaged: Map<number, string>) => void;

function createColumnCheck(
  { column, positions }: PresentColumn,
  settings: Settings,
  today: string,
  findings: Findings,
): ColumnCheck {
  const known = findings.column(column);
  const [first, ...others] = positions;
  const trims = ALWAYS_TRIMMED.has(column.name);
  const map = createMapping(column, settings);
  const rule = createRule(column, settings, today);
  const empty = createEmptyRule(column, settings);
  return (batch, found, damaged) => {
    const { firstValue, start, end, malformed } = batch;
    for (let record = 0; record < batch.count; record++) {
      if (malformed.size > 0 && malformed.has(record)) continue;
      const value = firstValue[record] + first;
      normalize(batch, value, trims);
      for (const other of others) {
        if (start[value] < end[value]) break;
        batch.putFrom(value, firstValue[record] + other);
        normalize(batch, value, trims);
      }
      map?.(batch, value);
      const isEmpty = start[value] === end[value];
      if (!isEmpty) known.values++;
      const violation = isEmpty ? empty(batch, value) : rule(batch, value);
      if (violation === null) continue;
      known.addFailed(isEmpty ? "" : batch.text(value));
      if (violation.isDamage) damaged.set(record, violation.reason);
      addProblem(found, record, column, violation);
    }
  };
}

/**
 * Unescapes doubled quotes and removes the spreadsheet guard. In a trimmed column, also removes blanks inside quotes.
 */
function normalize(batch: Batch, value: number, trims: boolean): void {
  const flags = batch.flags[value];
  if (flags & Batch.DOUBLED_QUOTES) batch.unescapeQuotes(value);
  if (trims && flags & Batch.QUOTED) batch.trim(value);
  if (batch.bytes[batch.start[value]] !== APOSTROPHE || !isGuarded(batch.text(value))) return;
  batch.start[value]++;
  if (trims) batch.trim(value);
}

/** An empty value is a problem if the column is required; otherwise it keeps or clears the current value. */
function createEmptyRule({ name, kind }: Column, settings: Settings): Rule {
  const missing: Partial<Record<string, ProblemCode>> = { unique_id: "9013", login_source: "9014" };
  if (requiredColumns(settings).has(name)) {
    const violation = { code: missing[name] ?? "9031" as const, reason: `${name} is missing` };
    return () => violation;
  }
  const isFilled = Object.hasOwn(settings.defaults, name) || settings.fill_only_columns.includes(name);
  const clears = settings.empty_values === "clear" && kind !== "flag" && !isFilled;
  return (batch, value) => {
    batch.flags[value] |= clears ? Batch.CLEARS : Batch.KEEPS;
    return null;
  };
}

function addProblem(
  found: Map<number, FoundProblem[]>,
  record: number,
  { name }: Column,
  { code, reason }: { code: ProblemCode; reason: string },
): void {
  const problem: Problem = { column: name, code, reason };
  const problems = found.get(record);
  if (problems === undefined) found.set(record, [problem]);
  else problems.push(problem);
}
