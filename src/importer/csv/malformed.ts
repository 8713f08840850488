/** Explains why a record cannot be read, for the clerk who corrects the roster. */
import type { Malformed } from "./batch.ts";
import { counted } from "../../runtime/grouped.ts";
import { shown } from "../checks/rule.ts";

export function malformedReason(why: Malformed, headers: readonly string[]): string {
  const where = "value" in why ? place(why.value, headers) : "";
  switch (why.kind) {
    case "stray_quote":
      return `${where} has a quote inside but does not begin with one: put the value in quotes, and double each quote inside it`;
    case "text_after_quote":
      // Often the real closing quote is missing, and the next quote in the file was mistaken for the closing quote.
      return `text follows the closing quote of ${where}: ` +
        "close the quote where the value ends, and double each quote inside it";
    case "quote_not_closed":
      return `${where} begins with a quote that is not closed: add the closing quote, or remove the opening one`;
    case "control_character":
      return `${where} has an invisible control character: type the value again`;
    case "value_too_long":
      return `${where} is longer than 64 KiB: shorten it`;
    case "too_few_values":
      return `${counts(why)}: check that each value is in its column, and add the missing delimiters`;
    case "fewer_than_others":
      return `the record has ${
        counted(why.found, "value")
      } but most records have ${why.expected}: add the missing delimiter between two values`;
    case "more_than_others":
      return `the record has ${
        counted(why.found, "value")
      } but most records have ${why.expected}: remove the surplus delimiter, or put the value that contains it in quotes`;
    case "too_many_values":
      return `${counts(why)}: put each value that contains the delimiter in quotes`;
    case "record_too_long":
      return "the record is longer than 1 MiB: shorten it";
    case "not_utf8":
      return "the record has characters in the wrong encoding: save the whole file as CSV in UTF-8";
  }
}

function place(value: number, headers: readonly string[]): string {
  const header = headers[value];
  return `value ${value + 1}${header === undefined || header === "" ? "" : ` (${shown(header)})`}`;
}

function counts({ expected, found }: { expected: number; found: number }): string {
  return `the record has ${counted(found, "value")} but the header has ${expected}`;
}
