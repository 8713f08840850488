/** Writes the short email about a decided hold or an undone import. */
import type { Decision } from "../domain/decision.ts";
import type { Counts } from "../domain/outcome.ts";
import type { ImportEntry } from "../importer/ports.ts";
import { grouped } from "../runtime/grouped.ts";
import { importLink } from "./links.ts";
import { placeOf } from "./mailed_import.ts";
import { COUNT_LABELS, signature, type Words } from "./message.ts";
import { lead, section } from "./part.ts";
import { localMinute, shown } from "./text.ts";

/** The words at the end of the subject. */
export const decidedWords: Readonly<Record<Decision["what"], string>> = {
  approved: "hold approved",
  discarded: "hold discarded",
  undone: "import undone",
};

const SENTENCES: Readonly<Record<Decision["what"], (name: string) => string>> = {
  approved: (name) => `The change on hold from ${name} was approved`,
  discarded: (name) => `The change on hold from ${name} was discarded`,
  undone: (name) => `The import of ${name} was undone`,
};

const LABELS: Readonly<Record<string, string>> = {
  archived: "Archived",
  disabled: "Disabled",
  discarded: "Keep their access",
  restored: "Restored",
  permits_released: "Permits released",
  permits_restored: "Permits restored",
  left_out_total: "Left unchanged",
};

export function composeDecided({ what, by, at, counts }: Decision, entry: ImportEntry, publicUrl: string): Words {
  const sentence = SENTENCES[what](`"${placeOf(entry)}"`);
  const rows = Object.entries(counts).map((
    [name, count],
  ) => [LABELS[name] ?? COUNT_LABELS[name as keyof Counts] ?? name, grouped(count)]);
  return {
    subject: `rosterd: ${placeOf(entry)}: ${decidedWords[what]}`,
    parts: [
      lead("good", `${sentence} by ${shown(by, 100)}, ${localMinute(at)}.`),
      ...importLink(publicUrl, entry.id, "Open this import"),
      ...section("Result", [{ kind: "table", head: null, rows, right: [1] }]),
      signature(entry),
    ],
  };
}
