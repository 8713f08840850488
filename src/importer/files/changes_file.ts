/**
 * Writes the list of values that an import changed or that a trial would have changed. Each value has one row, and the
 * list is attached to the email (docs/mail.md#attachment).
 */
import { inColumnOrder } from "../../domain/columns.ts";
import type { Change, ImportChange } from "../../domain/outcome.ts";
import { guard } from "../checks/spreadsheet.ts";
import { BYTE_ORDER_MARK, csvRow } from "../csv/csv_row.ts";

const DELIMITER = ",";

/** The name of the list for a roster in `bak`: `x.T.changes.csv` for `x.T.csv.gz`. */
export function changesFileName(bakFile: string): string {
  return `${bakFile.replace(/\.(?:csv|tsv|txt)(?:\.gz)?$/i, "")}.changes.csv`;
}

/** UTF-8 with BOM and CRLF. A user without changed values, such as a held user, has one row. */
export async function* changesFile(
  pages: AsyncIterable<readonly (Change | ImportChange)[]>,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(BYTE_ORDER_MARK + csvRow(["unique_id", "outcome", "column", "before", "after"], DELIMITER));
  for await (const changes of pages) yield encoder.encode(changes.flatMap(rowsOf).join(""));
}

/** A released permit also gets a row: before the import, its number belonged to the user. */
function rowsOf({ unique_id, outcome, columns, ...change }: Change | ImportChange): string[] {
  const values = Object.entries(inColumnOrder(columns)).map(([name, [before, after]]) => [name, before, after]);
  const permits = "permits_released" in change ? change.permits_released.map((no) => ["permit_no", no, null]) : [];
  const rows = [...values, ...permits];
  return (rows.length === 0 ? [["", "", ""]] : rows)
    .map((row) => csvRow([unique_id, outcome, ...row].map((value) => guard(value ?? "")), DELIMITER));
}
