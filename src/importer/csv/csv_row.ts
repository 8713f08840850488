/** How rosterd writes CSV for spreadsheets (contract, section 4): UTF-8 with BOM, CRLF, quotes where they are needed. */

/** Stands before the first row. */
export const BYTE_ORDER_MARK = "\ufeff";

/** What must stand in quotes, beside the delimiter; unquoted, a TAB is no part of a value. */
const QUOTED = /["\t\r\n]|^\s|\s$/;

/** One row with its line end. `inQuotes`: what must stand in quotes, beside the delimiter. */
export function csvRow(values: readonly string[], delimiter: string, inQuotes = QUOTED): string {
  return values.map((value) => written(value, delimiter, inQuotes)).join(delimiter) + "\r\n";
}

function written(value: string, delimiter: string, inQuotes: RegExp): string {
  return inQuotes.test(value) || value.includes(delimiter) ? `"${value.replaceAll('"', '""')}"` : value;
}
