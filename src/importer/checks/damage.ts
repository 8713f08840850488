/** Finds values that a spreadsheet or another program has damaged (docs/file-format.md#damaged-values). */
import type { Column } from "../../domain/columns.ts";
import { Batch } from "../csv/batch.ts";
import { notValid, type Rule, type RuleViolation } from "./rule.ts";

/** Columns that may contain long numbers, which spreadsheets rewrite in the form 1.23E+11. */
const NUMBERS: ReadonlySet<string> = new Set([
  "unique_id",
  "old_unique_id",
  "student_no",
  "employ_no",
  "drivers_license_num",
  "phone_cell",
  "employee_phone",
  "student_phone",
]);

const SCIENTIFIC = /^\d(?:[.,]\d+)?E[+-]\d+$/;

/** The possible second characters of a number that a spreadsheet has rewritten. */
const POINT = 0x2e, COMMA = 0x2c, EXPONENT = 0x45;

export function damageRule({ name }: Column): Rule {
  const isNumber = NUMBERS.has(name);
  return (batch, value) => {
    const lost = batch.flags[value] & Batch.NOT_ASCII ? lostCharacter(name, batch, value) : null;
    if (lost !== null || !isNumber) return lost;
    const second = batch.bytes[batch.start[value] + 1];
    if (second !== POINT && second !== COMMA && second !== EXPONENT) return null;
    const text = batch.text(value);
    return SCIENTIFIC.test(text)
      ? damaged(name, text, "is damaged: a spreadsheet has rewritten this number, so type the number again")
      : null;
  };
}

/** U+FFFD replaces a character that another program could not read. */
function lostCharacter(column: string, batch: Batch, value: number): RuleViolation | null {
  const { bytes, start, end } = batch;
  for (let at = start[value]; at + 2 < end[value]; at++) {
    if (bytes[at] !== 0xef || bytes[at + 1] !== 0xbf || bytes[at + 2] !== 0xbd) continue;
    const why = 'has lost the character shown as "\ufffd": type the value again, or export the roster as UTF-8';
    return damaged(column, batch.text(value), why);
  }
  return null;
}

function damaged(column: string, text: string, why: string): RuleViolation {
  return { ...notValid(column, text, why), isDamage: true };
}
