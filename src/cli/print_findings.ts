/** Prints findings and the settings that would fix them (docs/file-format.md#from-a-finding-to-a-setting). */
import type { RosterFinding } from "../domain/roster_finding.ts";
import type { CheckReport } from "../importer/report.ts";
import { printable } from "../runtime/log.ts";
import { counted } from "../runtime/grouped.ts";
import type { Terminal } from "./terminal.ts";

const MAX_FINDINGS_PRINTED = 20;

/**
 * Prints only findings that a setting can probably fix. A value with an unknown meaning may simply be a mistake in the
 * roster.
 */
export function printLikelyFixes(terminal: Terminal, { findings }: Pick<CheckReport, "findings">): void {
  const likely = findings.filter(({ kind, suggestion }) => kind === "missing_column" || suggestion !== null);
  printFindings(terminal, { findings: likely });
  if (likely.length > 0) terminal.out(terminal.paint.faint("  to set them one by one: rosterd settings map FILE"));
}

export function printFindings({ out, paint }: Terminal, { findings }: Pick<CheckReport, "findings">): void {
  for (const finding of findings.slice(0, MAX_FINDINGS_PRINTED)) {
    out(`  ${findingWords(finding)}${cureWords(finding)}`);
  }
  const more = findings.length - MAX_FINDINGS_PRINTED;
  if (more > 0) out(paint.faint(`  … and ${counted(more, "more question")}`));
}

/** The finding as a sentence, without an initial capital or a final period. */
export function findingWords({ kind, header, column, value, count }: RosterFinding): string {
  const records = count === null ? "" : ` in ${counted(count, "record")}`;
  switch (kind) {
    case "unknown_header":
      return `the header ${quoted(header)} is unknown`;
    case "missing_column":
      return `no header means ${column}`;
    case "opposite_value":
      return `${quoted(header)} is the opposite of ${column}, so the value ${value} means something different`;
    case "value":
      return `${column} ${quoted(value)} fails${records}`;
    case "missing_value":
      return `${column} has no value${records}`;
    case "date_format":
      return `the dates in ${quoted(header ?? column)} are in a different format${records}`;
  }
}

function cureWords({ setting, suggestion, is_guess, column }: RosterFinding): string {
  if (setting === null) return `: choose the header that means ${column}`;
  const key = printable(setting.join("."));
  if (suggestion === null) return `: set ${key}`;
  return `: set ${key}=${printable(suggestion)}${is_guess ? " (a guess)" : ""}`;
}

function quoted(text: string | null): string {
  return `"${printable(text ?? "")}"`;
}
