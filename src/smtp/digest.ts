/** Writes the digest that is sent instead of many separate emails (docs/mail.md#digest). */
import { feedPath } from "../domain/feed.ts";
import type { FailureGroup, ImportMailKind } from "../domain/mail.ts";
import type { ImportEntry } from "../importer/ports.ts";
import { counted, grouped } from "../runtime/grouped.ts";
import { decidedWords } from "./decided_mail.ts";
import { placeOf } from "./mailed_import.ts";
import { outcome, type Words } from "./message.ts";
import { lead, list, section, text } from "./part.ts";
import { shown } from "./text.ts";

/** The number of emails that a digest lists. Further emails are only counted. */
export const MAX_DIGEST_ITEMS = 200;

export type DigestItem =
  /** `earlier`: see `MailDetails`. */
  | { kind: ImportMailKind; entry: ImportEntry; earlier: readonly FailureGroup[]; failedFile: string | null }
  | { kind: "decided"; entry: ImportEntry; what: keyof typeof decidedWords }
  | { kind: "alert"; subject: string; feed: string };

export function composeDigest(items: readonly DigestItem[], total: number): Words {
  const more = total - items.length;
  const lines = [...items.map(itemLine), ...(more > 0 ? [`and ${grouped(more)} more`] : [])];
  const subject = `${counted(total, "import needs", "imports need")} attention`;
  return {
    subject: `rosterd: ${subject}`,
    parts: [
      lead("decide", "More than 10 emails were due within an hour. This email replaces the rest; nothing is attached."),
      ...section("Imports", [list(lines)]),
      ...section("What to do next", [
        text(
          'The files named above are in the folder "bak" inside the upload folder. Correct the failed records in a ' +
            "spreadsheet, save them as CSV and drop them into the upload folder, under any name that ends in .csv.",
        ),
        text("Held files and changes wait until an admin approves or discards them."),
        { kind: "commands", items: [{ when: "To see all imports", command: "rosterd imports" }] },
      ]),
    ],
  };
}

function itemLine(item: DigestItem): string {
  if (item.kind === "alert") return shown(item.subject);
  const { entry } = item;
  if (item.kind === "decided") return `${placeOf(entry)}: ${decidedWords[item.what]} (import ${entry.id})`;
  const reason = entry.status === "rejected" && entry.reason !== null ? `: ${shown(entry.reason.text)}` : "";
  const file = item.failedFile === null
    ? ""
    : `; failed records: ${feedPath(entry.feed, "bak")}/${shown(item.failedFile, 255)}`;
  return `${placeOf(entry)}: ${outcome(item.kind, entry, item.earlier)}${reason} (import ${entry.id})${file}`;
}
