/** A rule checks one value. If the value fails, the rule explains the problem and how to correct the roster. */
import type { ProblemCode } from "../../domain/outcome.ts";
import { printable } from "../../runtime/log.ts";
import type { Batch } from "../csv/batch.ts";

export interface RuleViolation {
  code: ProblemCode;
  reason: string;
  /** Whether a spreadsheet or another program damaged the value. */
  isDamage?: boolean;
}

/** Checks the value at position `value` in a batch. The rule may mark the value or change its bytes in place. */
export type Rule = (batch: Batch, value: number) => RuleViolation | null;

/** Formats text for messages: in quotes, on one line, at most 80 characters, with invisible characters made visible. */
export function shown(text: string): string {
  return `"${printable(cut(text, 80))}"`;
}

/** Truncates text to `longest` code points. Truncated text ends with an ellipsis. */
export function cut(text: string, longest: number): string {
  const points = [...text];
  return points.length > longest ? points.slice(0, longest).join("") + "…" : text;
}

export function both(first: Rule, second: Rule): Rule {
  return (batch, value) => first(batch, value) ?? second(batch, value);
}

export function notValid(column: string, text: string, why: string): RuleViolation {
  return { code: "9033", reason: `${column} ${shown(text)} ${why}` };
}
