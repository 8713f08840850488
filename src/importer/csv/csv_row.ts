/** Writes CSV for spreadsheets: UTF-8 with BOM, CRLF, quotes only where needed. */

export const BYTE_ORDER_MARK = "\ufeff";

/** Values that need quotes. An unquoted TAB would be trimmed or make the record malformed. */
const QUOTED = /["\t\r\n]|^\s|\s$/;

/**
 * A row, including its line ending. `inQuotes` matches values that need quotes for reasons other than the delimiter.
 */
export function csvRow(values: readonly string[], delimiter: string, inQuotes = QUOTED): string {
  return values.map((value) => written(value, delimiter, inQuotes)).join(delimiter) + "\r\n";
}

function written(value: string, delimiter: string, inQuotes: RegExp): string {
  return inQuotes.test(value) || value.includes(delimiter) ? `"${value.replaceAll('"', '""')}"` : value;
}
