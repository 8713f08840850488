/** Removes quoted values of erased users from warnings and from the reasons of rejected files. */
import type { CodedText, Reason } from "../../domain/outcome.ts";
import type { Tx } from "../connection/connect.ts";

/** The values that identify a person. */
const QUOTED =
  "unique_id, user_name, email, student_no, employ_no, drivers_license_num, phone_cell, employee_phone, student_phone";

const ERASED = "(erased)";

/** Removes the quotes of the users in the table `erasing`. */
export async function eraseQuotes(tx: Tx): Promise<void> {
  const rows = await tx.unsafe(`select ${QUOTED} from erasing`);
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

function withoutQuotes(text: string, values: ReadonlySet<string>): string {
  return text.replace(/"([^"]*)"/g, (quote, value) => values.has(value) ? `"${ERASED}"` : quote)
    .replace(
      /( looks like )(.*)(?= without its leading zeros)/g,
      (words, before, value) => values.has(value) ? before + ERASED : words,
    );
}
