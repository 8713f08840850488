/** One file's outcome in words, for a person at a terminal. Scripts get the same as JSON. */
import { COUNT_NAMES, type Failure, type ImportStatus, reasonWords, type Report } from "../domain/outcome.ts";
import { printable } from "../runtime/log.ts";
import { EXIT } from "./command.ts";
import type { Terminal } from "./terminal.ts";

const MAX_FAILURES_PRINTED = 20;

/** The exit code of one command over several files: 1, then 3, then 2 (contract, section 7). */
export function exitCodeOf(reports: readonly { status: ImportStatus }[]): number {
  const has = (...statuses: ImportStatus[]) => reports.some(({ status }) => statuses.includes(status));
  if (has("error", "running")) return EXIT.other;
  if (has("rejected")) return EXIT.rejected;
  return has("held", "failed_records") ? EXIT.failures : EXIT.ok;
}

/** `foreseen`: it is what an import would come to, and nobody may believe that it was imported. */
export function printReport(terminal: Terminal, report: Report, foreseen = false): void {
  const { out, paint } = terminal;
  const words = foreseen ? foreseenWords(report, terminal) : statusWords(report, terminal);
  out(`${printable(report.file)}: ${words}`);
  if (report.reason !== null) out(`  ${reasonWords(report.reason)}`);
  else out(`  ${countWords(report)}`);
  for (const { text } of report.warnings) out(paint.warning(`  warning: ${text}`));
  for (const failure of report.failures.slice(0, MAX_FAILURES_PRINTED)) out(`  ${failureWords(failure)}`);
  const more = report.failed - Math.min(report.failures.length, MAX_FAILURES_PRINTED);
  if (more > 0) out(paint.faint(`  … and ${more} more`));
}

function statusWords({ status, failed, records }: Report, { paint }: Terminal): string {
  switch (status) {
    case "done":
      return paint.good("done");
    case "failed_records":
      return paint.warning(`${failed} of ${records} records failed`);
    case "held":
      return paint.warning("archivings were held");
    case "rejected":
      return paint.bad("rejected");
    default:
      return paint.bad(status);
  }
}

function foreseenWords(report: Report, terminal: Terminal): string {
  const { status, failed, records } = report;
  const { good, warning, bad } = terminal.paint;
  switch (status) {
    case "done":
      return good(records === 0 ? "there are no records in it" : "no record would fail");
    case "failed_records":
      return warning(`${failed} of ${records} records would fail`);
    case "held":
      return warning("archivings would be held");
    case "rejected":
      return bad("would be rejected");
    default:
      return statusWords(report, terminal);
  }
}

/** `records 1000, created 990, failed 10`: what is not zero. */
export function countWords(report: Report): string {
  const named = COUNT_NAMES.filter((name) => name === "records" || report[name] > 0);
  return named.map((name) => `${name.replaceAll("_", " ")} ${report[name]}`).join(", ");
}

export function failureWords({ line, unique_id, problems }: Failure): string {
  const who = unique_id === null ? "" : ` (${printable(unique_id)})`;
  const what = problems.map(({ code, reason }) => `${code === "malformed" ? "malformed:" : code} ${printable(reason)}`);
  return `line ${line}${who}: ${what.join("; ")}`;
}
