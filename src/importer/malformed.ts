/** The sentences for records that cannot be read: what is wrong with one, for the person who mends the roster. */
import type { Malformed } from "./batch.ts";
import { shown } from "./rules.ts";

export function malformedReason(why: Malformed, headers: readonly string[]): string {
  const where = "value" in why ? place(why.value, headers) : "";
  switch (why.kind) {
    case "stray_quote":
      return `a quote stands within ${where}, which does not begin with one: put the value in quotes and double the quote`;
    case "text_behind_quote":
      return `text stands behind the closing quote of ${where}: double the quotes that belong to the value`;
    case "quote_not_closed":
      return `the quote that opens ${where} is not closed`;
    case "control_character":
      return `${where} has a control character`;
    case "value_too_long":
      return `${where} is longer than 64 KiB`;
    case "too_few_values":
    case "too_many_values":
      return `the record has ${count(why.found)} where the header has ${why.expected}`;
    case "record_too_long":
      return "the record is longer than 1 MiB";
    case "not_utf8":
      return "the record has bytes that are not UTF-8: save the file as UTF-8";
  }
}

function place(value: number, headers: readonly string[]): string {
  const header = headers[value];
  return `value ${value + 1}${header === undefined || header === "" ? "" : ` (${shown(header)})`}`;
}

function count(values: number): string {
  return values === 1 ? "1 value" : `${values} values`;
}
