/**
 * `rosterd users find TEXT` and `rosterd users show ID`: find users, and show a user with the changes made by imports.
 */
import { feedPath } from "../../domain/feed.ts";
import type { HistoryEntry, User, UserPage } from "../../domain/user.ts";
import { findUser, findUsers } from "../../postgres/history/users.ts";
import { printable } from "../../runtime/log.ts";
import { withAccess } from "../access.ts";
import { changedWords, quoted } from "../changed_words.ts";
import { type Command, CommandFailed, EXIT, type Invocation, JSON_FLAG } from "../command.ts";
import type { Terminal } from "../terminal.ts";
import { ifNoSchema } from "./imports.ts";

/** The maximum number of users in one HTTP response. */
const MAX_FOUND = 200;

export const findCommand: Command = {
  words: "users find",
  operands: { words: "TEXT", min: 1, max: 1 },
  flags: JSON_FLAG,
  summary: "find users by unique_id, user_name, email or last name",
  help: "Lists the first 200 users whose unique_id, user_name, email or last name begins with the text.",
  run: runFind,
};

export const showUserCommand: Command = {
  words: "users show",
  operands: { words: "ID", min: 1, max: 1 },
  flags: JSON_FLAG,
  summary: "show one user with permits, holds and the changes made by imports",
  help:
    "Shows one user: values, permits, open holds, the last failed record, and the changes by imports, newest first.\n" +
    "Changes made by other programs are not listed.",
  run: runShow,
};

async function runFind(invocation: Invocation): Promise<number> {
  const { operands: [q], flags, terminal } = invocation;
  const { users, next } = await withAccess<UserPage>(
    invocation,
    ({ sql }) => findUsers(sql, { q, limit: MAX_FOUND }).catch((error) => ifNoSchema(error, { users: [], next: null })),
    (service) =>
      service.ask("GET", `/users?${new URLSearchParams({ q, limit: String(MAX_FOUND) })}`) as Promise<UserPage>,
  );
  if (flags.json) terminal.out(JSON.stringify({ users, next }, null, 2));
  else if (users.length === 0) terminal.out("no user found");
  else {
    for (const { unique_id, state, login_source, first_name, last_name, user_name, email } of users) {
      const name = [first_name, last_name].filter((part) => part !== null).join(" ");
      const parts = [name, user_name ?? "", email ?? "", login_source].filter((part) => part !== "");
      terminal.out(`${printable(unique_id)}  ${state}  ${parts.map(printable).join(", ")}`);
    }
    if (next !== null) terminal.out(terminal.paint.faint("… and more: enter more letters to narrow the search"));
  }
  return EXIT.ok;
}

async function runShow(invocation: Invocation): Promise<number> {
  const { operands: [id], flags, terminal } = invocation;
  const user = await withAccess<User | null>(
    invocation,
    ({ sql }) => findUser(sql, id).catch((error) => ifNoSchema(error, null)),
    (service) => service.ask("GET", `/users/${encodeURIComponent(id)}`) as Promise<User>,
  );
  if (user === null) throw new CommandFailed("this user does not exist");
  if (flags.json) terminal.out(JSON.stringify(user, null, 2));
  else printUser(terminal, user);
  return EXIT.ok;
}

function printUser({ out, paint }: Terminal, user: User): void {
  const {
    unique_id,
    state,
    archived_at,
    inactive_since,
    values,
    feeds,
    permits,
    holds,
    last_failure,
    history,
    cleared_until,
  } = user;
  out(`${printable(unique_id)}: ${state}${archived_at === null ? "" : ` since ${archived_at}`}`);
  if (inactive_since !== null) out(`  waiting to be archived since ${inactive_since}`);
  for (const [column, value] of Object.entries(values)) {
    if (value !== null) out(`  ${column} ${quoted(value)}`);
  }
  for (const [feed, says] of Object.entries(feeds)) {
    out(`  ${feed === "" ? "the upload folder" : `feed ${feed}`} says ${says}`);
  }
  for (const { permit_no, status, released_by_import } of permits) {
    const by = released_by_import === null ? "" : ` by import ${released_by_import}`;
    out(`  permit ${quoted(permit_no)}: ${status}${by}`);
  }
  for (const { import: id, feed, file, effect } of holds) {
    out(paint.warning(`  held by import ${id}, ${printable(feedPath(feed, file))}: would be ${effect}d`));
  }
  if (last_failure !== null) {
    const { import: id, feed, file, line, problems } = last_failure;
    const reasons = problems.map(({ column, code, reason }) => [code, column ?? "", reason].filter(Boolean).join(" "));
    out(
      `  last failure: import ${id}, ${printable(feedPath(feed, file))}, line ${line}: ${
        printable(reasons.join("; "))
      }`,
    );
  }
  out("  changes made by imports, newest first (changes made by other programs are not listed):");
  for (const entry of history) out(`  ${historyWords(entry)}`);
  if (cleared_until !== null) out(paint.faint(`  history before ${cleared_until} was deleted`));
}

/**
 * A line such as `2026-11-29T03:00:07.000Z, import 62, nightly.csv: archived (…); approved … by registry; undone …`.
 */
function historyWords(entry: HistoryEntry): string {
  const { import: id, feed, file, at, undone_at, decisions } = entry;
  const change = changedWords(`${at ?? ""}, import ${id}, ${feedPath(feed, file)}`, entry);
  const decided = decisions.map(({ what, at, by }) => `${what} ${at} by ${printable(by)}`);
  const isTold = decisions.some(({ what }) => what === "undone");
  return [change, ...decided, ...(undone_at === null || isTold ? [] : [`undone ${undone_at}`])].join("; ");
}
