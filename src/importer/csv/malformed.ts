/** The sentences for records that cannot be read: what is wrong with one, for the person who mends the roster. */
import type { Malformed } from "./batch.ts";
import { shown } from "../checks/rules.ts";

export function malformedReason(why: Malformed, headers: readonly string[]): string {
  const where = "value" in why ? place(why.value, headers) : "";
  switch (why.kind) {
    case "stray_quote":
      return `a quote stands within ${where}, which does not begin with one: put the value in quotes and double each quote within it`;
    case "text_behind_quote":
      // Often the quote meant to close it is missing, and the next one in the file was taken for it.
      return `text stands behind the closing quote of ${where}: ` +
        "close the quote where the value ends, and double each quote within the value";
    case "quote_not_closed":
      return `the quote that opens ${where} is not closed: add the closing quote, or take the opening one away`;
    case "control_character":
      return `${where} has a control character, which is invisible: type the value anew`;
    case "value_too_long":
      return `${where} is longer than 64 KiB`;
    case "too_few_values":
      return `${counts(why)}: a delimiter is missing, or empty values at the end were left out. ` +
        "Check that each value stands in its column, and add the missing delimiters";
    case "fewer_than_others":
      return `the record has ${values(why.found)} where most records have ${why.expected}: ` +
        "a delimiter is missing between two values";
    case "too_many_values":
      return `${counts(why)}: put a value that has the delimiter in it in quotes`;
    case "record_too_long":
      return "the record is longer than 1 MiB";
    case "not_utf8":
      return "the record has bytes that are not UTF-8, or in another encoding than the rest of the file: save the file as UTF-8";
  }
}

function place(value: number, headers: readonly string[]): string {
  const header = headers[value];
  return `value ${value + 1}${header === undefined || header === "" ? "" : ` (${shown(header)})`}`;
}

function counts({ expected, found }: { expected: number; found: number }): string {
  return `the record has ${values(found)} where the header has ${expected}`;
}

function values(count: number): string {
  return count === 1 ? "1 value" : `${count} values`;
}
