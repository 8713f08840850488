/**
 * Recognizes HTML, XML, JSON, code and RTF by their first bytes. Servers often send error messages as HTML, XML or
 * JSON.
 */
import { reject } from "../../domain/outcome.ts";

/** Leading blanks and byte order marks, including a UTF-8 mark that was read as windows-1252. */
const START = String.raw`^(?:\s|\ufeff|ï»¿)*`;

/** Text that may precede the first tag. The first tag distinguishes HTML from XML. */
const PROLOG = String.raw`(?:<\?xml\b[^>]*>\s*|<!--[^]*?-->\s*)*`;

const HTML_TAGS =
  "html|head|body|title|meta|link|style|script|noscript|base|table|thead|tbody|tr|td|th|div|span|p|br|hr|" +
  "b|i|u|em|strong|small|font|center|h[1-6]|pre|code|ul|ol|li|dl|a|img|form|input|button|label|select|iframe|frameset|" +
  "main|nav|header|footer|section|article|aside|blockquote";

const HTML = new RegExp(String.raw`${START}${PROLOG}<(?:!doctype\s+html|\/?(?:${HTML_TAGS}))(?=[\s>/])`, "i");

const XML = new RegExp(
  String.raw`${START}<(?:\?xml\b|!--|!doctype\b|!\[CDATA\[|\/?[a-z_][\w.-]*(?::[\w.-]+)?(?=[\s>/]))`,
  "i",
);

const CODE = new RegExp(String.raw`${START}<(?:\?(?:php\b|=|\s)|%)`, "i");

const JSON_START = new RegExp(
  String.raw`${START}(?:\)\]\}',?\s*)?(?:\{\s*(?:"|\}|$)|\[\s*(?:[{\["\]]|-?\d|true\b|false\b|null\b|$))`,
);

const RTF = new RegExp(String.raw`${START}\{\\rtf`);

/** Throws `RejectedFile` if `head` is the beginning of a file in one of these formats. */
export function rejectMarkup(head: string): void {
  if (HTML.test(head)) {
    reject("html", "this is an HTML page, perhaps an error message: download the roster again and save it as CSV");
  }
  if (CODE.test(head)) {
    reject("program", "this is the code of a web page, not a roster: export the roster as CSV");
  }
  if (XML.test(head)) reject("xml", "this is an XML file, perhaps an error message: save the roster as CSV");
  if (JSON_START.test(head)) {
    reject("json", "this is a JSON file, perhaps an error message: export the roster again, as CSV");
  }
  if (RTF.test(head)) reject("rtf", "this is a word-processor document: save the roster as CSV");
}
