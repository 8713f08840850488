/** Removes quoted values of erased users from warnings and from the reasons why files were rejected. */
import type { CodedText, Reason } from "../../domain/outcome.ts";
import type { Tx } from "../connection/connect.ts";
import { VALUE_COLUMNS } from "../../domain/columns.ts";

/** The columns whose values may identify a person. */
const QUOTED = VALUE_COLUMNS.filter(({ kind }) => kind === "text" || kind === "email" || kind === "date")
  .map(({ databaseName }) => `${databaseName}::text`).join(", ");

const ERASED = "(erased)";

/** Removes quoted values of the users in the table `erasing`, and quoted ids that the table `erased_ids` lists. */
export async function eraseQuotes(tx: Tx): Promise<void> {
  const rows = [...await tx.unsafe(`select ${QUOTED} from erasing`), ...await tx`select unique_id from erased_ids`];
  const values = new Set(rows.flatMap((row) => Object.values(row)).filter((value) => value !== null));
  const texts = await tx<{ id: number; warnings: CodedText[]; reason: Reason | null }[]>`
    select id, warnings, reason from rosterd.imports where warnings <> '[]' or reason is not null`;
  for (const { id, warnings, reason } of texts) {
    const clean = warnings.map((warning) => ({ ...warning, text: withoutQuotes(warning.text, values) }));
    const cleanReason = reason === null ? null : { ...reason, text: withoutQuotes(reason.text, values) };
    const isClean = clean.every(({ text }, at) => text === warnings[at].text) && cleanReason?.text === reason?.text;
    if (isClean) continue;
    await tx`
      update rosterd.imports set warnings = ${tx.json(clean)}, reason = ${cleanReason && tx.json(cleanReason)}
      where id = ${id}`;
  }
}

/** Matches a value in quotes, or between delimiters in a quoted line of a file. */
const QUOTE = /"([^"]*)"/g, IN_LINE = /(?<=[",;|\t])[^",;|\t]+(?=[",;|\t…])/g;

function withoutQuotes(text: string, values: ReadonlySet<string>): string {
  return text.replace(QUOTE, (quote, value) => values.has(value) ? `"${ERASED}"` : quote)
    .replace(IN_LINE, (value) => values.has(value.trim()) ? ERASED : value)
    .replace(
      /( looks like )(.*)(?= without its leading zeros)/g,
      (words, before, value) => values.has(value) ? before + ERASED : words,
    );
}
