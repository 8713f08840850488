/** Prints the outcome of one file for people; scripts use `--json`. */
import type { Hold } from "../domain/decision.ts";
import {
  COUNT_NAMES,
  type Failure,
  type ImportStatus,
  reasonWords,
  type Report,
  type Warning,
} from "../domain/outcome.ts";
import { printable } from "../runtime/log.ts";
import { grouped } from "../runtime/grouped.ts";
import { EXIT } from "./command.ts";
import type { Terminal } from "./terminal.ts";

const MAX_FAILURES_PRINTED = 20;

/** The exit code for all files: the first of 1, 3 and 2 that applies (docs/cli.md#exit-codes). */
export function exitCodeOf(reports: readonly Pick<Report, "status" | "failed">[]): number {
  const has = (...statuses: ImportStatus[]) => reports.some(({ status }) => statuses.includes(status));
  if (has("error", "running")) return EXIT.other;
  if (has("rejected")) return EXIT.rejected;
  const hasFailures = has("held", "failed_records") ||
    reports.some(({ status, failed }) => status === "checked" && failed > 0);
  return hasFailures ? EXIT.failures : EXIT.ok;
}

/** The report of an import, with its hold if it comes from the history. */
type ShownReport = Report & { hold?: Hold | null };

/** `isDryRun`: whether the report describes a dry run instead of an import. */
export function printReport(terminal: Terminal, report: ShownReport, isDryRun = false): void {
  const { out, paint } = terminal;
  const words = isDryRun ? dryRunWords(report, terminal) : statusWords(report, terminal);
  out(`${printable(report.file)}: ${words}`);
  if (report.reason !== null) out(`  ${reasonWords(report.reason)}`);
  else out(`  ${countWords(report)}`);
  for (const { text } of report.warnings) out(paint.warning(`  warning: ${text}`));
  for (const failure of report.failures.slice(0, MAX_FAILURES_PRINTED)) out(`  ${failureWords(failure)}`);
  const more = report.failed - Math.min(report.failures.length, MAX_FAILURES_PRINTED);
  if (more > 0) out(paint.faint(`  … and ${grouped(more)} more`));
}

const isFileHeld = ({ code }: Warning) => code === "changes_held";

function statusWords({ status, failed, records, warnings, hold }: ShownReport, { paint }: Terminal): string {
  switch (status) {
    case "done":
      return paint.good("done");
    case "failed_records":
      return paint.warning(`${grouped(failed)} of ${grouped(records)} records failed`);
    case "held": {
      const isFile = warnings.some(isFileHeld) || hold?.kind === "changes";
      return hold === undefined || hold === null || hold.state === "open"
        ? paint.warning(isFile ? "the file is on hold" : "archivals are on hold")
        : `the held ${isFile ? "file was" : "archivals were"} ${hold.state}`;
    }
    case "checked":
      return failed === 0
        ? "checked, not applied"
        : paint.warning(`checked, not applied: ${grouped(failed)} of ${grouped(records)} records would fail`);
    case "rejected":
      return paint.bad("rejected");
    default:
      return paint.bad(status);
  }
}

function dryRunWords(report: Report, terminal: Terminal): string {
  const { status, failed, records } = report;
  const { good, warning, bad } = terminal.paint;
  switch (status) {
    case "done":
      return good(records === 0 ? "no records" : "no records would fail");
    case "failed_records":
      return warning(`${grouped(failed)} of ${grouped(records)} records would fail`);
    case "held":
      return warning(`${report.warnings.some(isFileHeld) ? "the file" : "archivals"} would be put on hold`);
    case "rejected":
      return bad("would be rejected");
    default:
      return statusWords(report, terminal);
  }
}

/** The counts that are not zero, such as `records 1,000, created 990, failed 10`. */
export function countWords(report: Report): string {
  const named = COUNT_NAMES.filter((name) => name === "records" || report[name] > 0);
  return named.map((name) => `${name.replaceAll("_", " ")} ${grouped(report[name])}`).join(", ");
}

export function failureWords({ line, unique_id, problems }: Failure): string {
  const who = unique_id === null ? "" : ` (${printable(unique_id)})`;
  const what = problems.map(({ code, reason }) => `${code === "malformed" ? "malformed:" : code} ${printable(reason)}`);
  return `line ${line}${who}: ${what.join("; ")}`;
}
