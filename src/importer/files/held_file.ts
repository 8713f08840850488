/** Writes the list of held users that is attached to the email (docs/mail.md#attachment), one page at a time. */
import type { HeldUser } from "../../domain/decision.ts";
import { BYTE_ORDER_MARK, csvRow } from "../csv/csv_row.ts";
import { guard } from "../checks/spreadsheet.ts";

/**
 * The `rosterd_…` columns of the list. If a clerk uploads the list as a roster, these columns keep rosterd from
 * archiving users who are not in the list.
 */
const COLUMNS: readonly (readonly [header: string, key: keyof HeldUser])[] = [
  ["unique_id", "unique_id"],
  ["login_source", "login_source"],
  ["first_name", "first_name"],
  ["last_name", "last_name"],
  ["user_name", "user_name"],
  ["email", "email"],
  ["rosterd_line", "line"],
  ["rosterd_effect", "effect"],
  ["rosterd_permits", "permits"],
];

const DELIMITER = ",";

/** The name of the list for a roster in `bak`: `x.T.held.csv` for `x.T.csv.gz`. */
export function heldFileName(bakFile: string): string {
  return `${bakFile.replace(/\.(?:csv|tsv|txt)(?:\.gz)?$/i, "")}.held.csv`;
}

/** UTF-8 with BOM and CRLF, one row per user. `rosterd_line` is empty if the user is missing from the roster. */
export async function* heldFile(pages: AsyncIterable<readonly HeldUser[]>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(BYTE_ORDER_MARK + csvRow(COLUMNS.map(([header]) => header), DELIMITER));
  for await (const users of pages) yield encoder.encode(users.map(userRow).join(""));
}

function userRow(user: HeldUser): string {
  return csvRow(COLUMNS.map(([_, key]) => guard(String(user[key] ?? ""))), DELIMITER);
}
