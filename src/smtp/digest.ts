/** Writes the digest that is sent instead of many separate mails (docs/mail.md#digest). */
import { feedPath } from "../domain/feed.ts";
import type { ImportMailKind } from "../domain/mail.ts";
import type { ImportEntry } from "../importer/ports.ts";
import { outcome, placeOf, type Words } from "./message.ts";
import { counted, grouped } from "../runtime/grouped.ts";
import { section, shown } from "./text.ts";

/** A digest names this many mails and counts the rest. */
export const MAX_DIGEST_ITEMS = 200;

export type DigestItem =
  | { kind: ImportMailKind; entry: ImportEntry; failedFile: string | null }
  | { kind: "alert"; subject: string; feed: string };

export function composeDigest(items: readonly DigestItem[], total: number): Words {
  const more = total - items.length;
  const lines = [
    "More than 10 emails were due within an hour. This email replaces the rest; nothing is attached.",
    "",
    ...section("Imports", [...items.flatMap(itemLines), ...(more > 0 ? [`and ${grouped(more)} more`] : [])]),
    ...section("What to do next", [
      'The files named above are in the folder "bak" inside the upload folder. Correct the failed records in a',
      "spreadsheet, save them as CSV and drop them into the upload folder, under any name that ends in .csv.",
      "What is on hold waits until an admin approves or discards it. To see all imports, run  rosterd imports",
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
    `- ${placeOf(entry)}: ${outcome(item.kind, entry)}${reason} (import ${entry.id})`,
    ...(failedFile === null ? [] : [`  failed records: ${feedPath(entry.feed, "bak")}/${shown(failedFile, 255)}`]),
  ];
}
