/** Lists the users waiting to be archived, with their dates (docs/people.md#grace-period). */
import { feedWord } from "./feed.js";
import { h } from "./dom.js";
import { moment, section, table, userLink } from "./parts.js";
import { counted, number } from "./words.js";

/** @typedef {import("../../service.ts").StatusDocument} StatusDocument */

/** @param {Pick<StatusDocument["feeds"][number], "name" | "grace">[]} feeds */
export function grace(feeds) {
  const all = feeds.flatMap(({ name, grace }) => grace === null ? [] : [{ name, ...grace }]);
  if (all.length === 0) return null;
  const waiting = all.reduce((sum, one) => sum + one.waiting, 0), due = all.reduce((sum, one) => sum + one.due, 0);
  const users = all.flatMap(({ name, users }) => users.map((user) => ({ name, ...user })));
  const more = waiting > users.length ? ` (the first ${number(users.length)})` : "";
  return section(
    "grace",
    "Waiting to be archived",
    h(
      "p",
      { class: "lead" },
      `${counted(waiting, "user is", "users are")} disabled and ${
        waiting === 1 ? "keeps" : "keep"
      } their permits for now. `,
      due > 0 && `The next file will archive ${number(due)} of them.`,
    ),
    users.length > 0 && h(
      "details",
      null,
      h("summary", null, `Show the users${more}`),
      table(
        `Users waiting to be archived${more}`,
        [{ heading: "unique_id" }, { heading: "Feed" }, { heading: "Earliest archival" }],
        users.map(({ name, unique_id, archived_after }) => [
          userLink(unique_id),
          feedWord(name),
          moment(archived_after),
        ]),
      ),
    ),
  );
}
