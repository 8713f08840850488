/**
 * The words of a digest: one mail instead of many, so that a bad night does not become a flood (contract, section 4,
 * "More than ten in an hour become one digest"). Pure.
 */
import type { ImportMailKind } from "../domain/mail.ts";
import type { ImportEntry } from "../importer/ports.ts";
import { outcome, type Words } from "./message.ts";
import { counted, section, shown } from "./text.ts";

/** So many are named; the others are only counted. */
export const MAX_DIGEST_ITEMS = 200;

/** One line of a digest. */
export type DigestItem =
  | { kind: ImportMailKind; entry: ImportEntry; failedFile: string | null }
  | { kind: "alert"; subject: string };

/** Subject and text of a digest of `total` mails, of which `items` are named. */
export function composeDigest(items: readonly DigestItem[], total: number): Words {
  const more = total - items.length;
  const lines = [
    "rosterd had more to tell within an hour than ten mails. This one stands for the rest; nothing is attached.",
    "",
    ...section("Imports", [...items.flatMap(itemLines), ...(more > 0 ? [`and ${more} more: see the history`] : [])]),
    ...section("What to do next", [
      'The files named above are in the folder "bak" of the upload folder. Correct the failed records in a',
      "spreadsheet, save them as CSV and drop them into the upload folder again, under any name that ends in .csv.",
      "What is held waits for approve or discard; the whole history is shown by  rosterd imports",
    ]),
  ];
  const subject = `rosterd: ${counted(total, "import needs", "imports need")} attention`;
  return { subject, text: lines.join("\n").trimEnd() + "\n" };
}

function itemLines(item: DigestItem): string[] {
  if (item.kind === "alert") return [`- ${shown(item.subject)}`];
  const { entry, failedFile } = item;
  const reason = entry.status === "rejected" && entry.reason !== null ? `: ${shown(entry.reason.text)}` : "";
  return [
    `- ${shown(entry.file, 255)}: ${outcome(item.kind, entry)}${reason} (import ${entry.id})`,
    ...(failedFile === null ? [] : [`  failed records: bak/${shown(failedFile, 255)}`]),
  ];
}
