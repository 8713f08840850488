/** Prints the users that the archive guard holds, the reason, and how to decide. */
import type { HeldColumn, HeldUser, Hold } from "../domain/decision.ts";
import type { ImportEntry } from "../importer/ports.ts";
import { printable } from "../runtime/log.ts";
import { counted, grouped } from "../runtime/grouped.ts";
import { quoted } from "./changed_words.ts";
import type { Terminal } from "./terminal.ts";

const MAX_USERS_PRINTED = 20;

/** The status of an import, followed by later decisions, such as `held (approved, undone)`. */
export function stateWords({ status, hold, undone_at }: ImportEntry): string {
  const since = [...(hold === null ? [] : [hold.state]), ...(undone_at === null ? [] : ["undone"])];
  return since.length === 0 ? status : `${status} (${since.join(", ")})`;
}

/** The result of a decision, such as `archived 25, permits released 3, left unchanged 2`. */
export function decidedWords(counts: Readonly<Record<string, number>>): string {
  const named = Object.entries(counts).filter(([, count]) => count > 0).map(([name, count]) =>
    `${DECIDED[name] ?? name.replaceAll("_", " ")} ${grouped(count)}`
  );
  return named.join(", ") || "nothing needed to change";
}

const DECIDED: Readonly<Record<string, string>> = {
  discarded: "keep access",
  left_out_total: "left unchanged",
};

/**
 * Prints nothing for an import without a hold. `users` are the first held users; `columns` are the columns of a held
 * file.
 */
export function printHold(
  { out, paint }: Pick<Terminal, "out" | "paint">,
  entry: ImportEntry,
  users: readonly HeldUser[],
  columns: readonly HeldColumn[],
): void {
  const { id, hold } = entry;
  if (hold === null) return;
  if (hold.kind === "changes") return printHeldFile({ out, paint }, id, hold, columns);
  const total = entry.held + entry.missing_held;
  const holds = hold.state === "open"
    ? counted(total, "user is", "users are")
    : counted(total, "user was", "users were");
  out(`  ${holds} held: ${printable(hold.reason)}`);
  if (hold.state === "open") {
    out(
      paint.warning(
        `  these users stay unchanged until you run "rosterd imports approve ${id}" or "rosterd imports discard ${id}"`,
      ),
    );
  }
  if (users.length === 0) return out(paint.faint("  the names of these users were deleted after the retention period"));
  const shown = users.slice(0, MAX_USERS_PRINTED);
  for (const user of shown) out(`  ${heldWords(user)}`);
  if (total > shown.length) out(paint.faint(`  … and ${grouped(total - shown.length)} more`));
}

function printHeldFile(
  { out, paint }: Pick<Terminal, "out" | "paint">,
  id: number,
  hold: Hold,
  columns: readonly HeldColumn[],
): void {
  const { state, reason, ended_by } = hold;
  out(`  the file ${state === "open" ? "is" : "was"} held: ${printable(reason)}`);
  if (state === "open") {
    out(
      paint.warning(
        `  the file is not applied until you run "rosterd imports approve ${id}"; "rosterd imports discard ${id}" discards it`,
      ),
    );
  }
  if (ended_by !== null) out(`  ${state === "approved" ? "applied as" : "superseded by"} import ${ended_by}`);
  printHeldColumns({ out }, columns);
}

/** Prints the columns that would change for too many users, with examples. */
export function printHeldColumns({ out }: Pick<Terminal, "out">, columns: readonly HeldColumn[]): void {
  for (const { column, users, known_users, examples } of columns) {
    out(`  ${column}: ${grouped(users)} of ${counted(known_users, "known user")}`);
    for (const { unique_id, before, after } of examples) {
      out(`    ${printable(unique_id)}: ${quoted(before)} → ${after === null ? "cleared" : quoted(after)}`);
    }
  }
}

const OUTCOMES = { archived: "was archived", disabled: "was disabled", unchanged: "was left unchanged" };

function heldWords({ unique_id, line, effect, outcome, permits }: HeldUser): string {
  const where = line === null ? "missing from the roster" : `line ${line}`;
  if (outcome !== null) return `${printable(unique_id)} (${where}) ${OUTCOMES[outcome]}`;
  const released = effect === "archive" && permits > 0 ? `, ${counted(permits, "permit")} released` : "";
  return `${printable(unique_id)} (${where}) would be ${effect}d${released}`;
}
