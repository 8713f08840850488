/**
 * The list of held users that goes with a mail (contract, section 4): CSV for a spreadsheet, for people to look at before they
 * approve or discard. Written a page at a time, so that a million users need no memory.
 */
import type { HeldUser } from "../../domain/decision.ts";
import { BYTE_ORDER_MARK, csvRow } from "../csv/csv_row.ts";
import { guard } from "../checks/spreadsheet.ts";

/** What rosterd says of a user is named `rosterd_…`: dropped into the upload folder, the list is never taken for a whole roster. */
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

/** `x.T.csv.gz` → `x.T.held.csv`: the name of the list, by the name of its roster in `bak`. */
export function heldFileName(bakFile: string): string {
  return `${bakFile.replace(/\.(?:csv|tsv|txt)(?:\.gz)?$/i, "")}.held.csv`;
}

/** UTF-8 with BOM, CRLF, one row a user; an empty `rosterd_line`: the user is missing from the roster. */
export async function* heldFile(pages: AsyncIterable<readonly HeldUser[]>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(BYTE_ORDER_MARK + csvRow(COLUMNS.map(([header]) => header), DELIMITER));
  for await (const users of pages) yield encoder.encode(users.map(userRow).join(""));
}

function userRow(user: HeldUser): string {
  return csvRow(COLUMNS.map(([_, key]) => guard(String(user[key] ?? ""))), DELIMITER);
}
