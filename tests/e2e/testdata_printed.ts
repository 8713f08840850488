/** Derives the output and exit code of `rosterd check` from a case's `expected.json`. */
import assert from "node:assert/strict";
import type { Report } from "../../src/domain/outcome.ts";
import type { Case } from "./testdata_cases.ts";

/** The exit code is 3 for a rejected file, otherwise 2 for failed records, otherwise 0 (docs/cli.md). */
export function exitCode(cases: readonly Case[]): number {
  const has = (status: string) => cases.some(({ expected }) => expected.report.status === status);
  return has("rejected") ? 3 : has("failed_records") ? 2 : 0;
}

/** Splits the output of one command by file. */
export function splitPrinted(out: string): string[] {
  return out.split(/^(?=\S)/m);
}

/** Expects exactly the given lines, in order. Changed users are merely counted unless the case lists them. */
export function assertPrinted({ name, expected: { report, changes }, printed }: Case, out: string): void {
  if (printed !== null) return assert.equal(out, printed, name);
  const lines = out.split("\n");
  const told = linesOf(report);
  assert.deepEqual(lines.slice(0, told.length), told, name);
  // An archived user who gives up a value need not have a record.
  const changed = changes?.length ?? report.created + report.updated + report.archived + report.reactivated;
  const rest = lines.slice(told.length);
  assert.equal(rest.pop(), "", name);
  takeCures(rest, name);
  if (changed > 20) assert.equal(rest.pop(), `  … and ${changed - 20} more users`, name);
  assert.equal(rest.length, Math.min(changed, 20), name);
  for (const line of rest) assert.match(line, /^ {2}would be (created|updated|archived|reactivated): .+ \(.+\)$/, name);
}

/**
 * Removes the suggested settings from the end of the output. `tests/postgres/check_proposal_test.ts` tests the
 * suggestions.
 */
function takeCures(rest: string[], name: string): void {
  if (rest.at(-1) !== "  to set them one by one: rosterd settings map FILE") return;
  rest.pop();
  let taken = 0;
  for (; /^ {2}.+: (set .+=.|choose the header that means )/.test(rest.at(-1) ?? ""); taken++) rest.pop();
  assert.ok(taken > 0, name);
}

function linesOf(report: Report): string[] {
  const { file, status, reason, failed, records, warnings, failures } = report;
  if (status === "rejected") {
    const { text, line } = reason!;
    const isNamed = line === null || text.includes(`line ${line}`);
    return [`${file}: would be rejected`, `  ${text}${isNamed ? "" : ` (line ${line})`}`];
  }
  const counts = (["created", "updated", "unchanged", "archived", "reactivated", "skipped", "failed"] as const)
    .filter((count) => report[count] > 0).map((count) => `, ${count} ${report[count]}`);
  return [
    `${file}: ${
      failed > 0 ? `${failed} of ${records} records would fail` : records === 0 ? "no records" : "no records would fail"
    }`,
    `  records ${records}${counts.join("")}`,
    ...warnings.map(({ text }) => `  warning: ${text}`),
    ...failures.map(({ line, unique_id, problems }) => {
      const who = unique_id === null ? "" : ` (${visible(unique_id)})`;
      const what = problems.map(({ code, reason }) => `${code === "malformed" ? "malformed:" : code} ${reason}`);
      return `  line ${line}${who}: ${what.join("; ")}`;
    }),
  ];
}

function visible(text: string): string {
  return text.replaceAll("\u200b", "\\u{200b}");
}
