/** Shows the feeds side by side: the last file, the next expected file, waiting files and held users. */
import { feedWord } from "./feed.js";
import { h, link, p } from "./dom.js";
import { ago, badge, data, moment, section, statusBadge, table } from "./parts.js";
import { counted, number, sentence, shown } from "./words.js";

/** @typedef {import("../../service.ts").StatusDocument} StatusDocument */
/** @typedef {StatusDocument["feeds"][number]} Feed */

/**
 * If the settings have no feeds, this part is shown only while the upload folder is paused or in trial mode. @param
 * {Feed[]} feeds
 */
export function feeds(feeds) {
  const isPlain = feeds.length === 1 && feeds[0].apply && feeds[0].paused_until === null;
  if (feeds.length === 0 || isPlain) return null;
  const columns = [
    { heading: "Feed", kind: "file" },
    { heading: "Last file", kind: "wide" },
    { heading: "Next expected" },
    { heading: "Waiting" },
    { heading: "Held" },
  ];
  return section("feeds", "Feeds", table("Feeds", columns, feeds.map(row)));
}

/** @param {Feed} feed */
function row(feed) {
  const { name, usable, text, apply, pending, held_users, last_import, expected_at } = feed;
  return [
    [
      name === "" ? feedWord(name) : link(`#/feed/${name}`, data(name)),
      usable ? null : [" ", badge("bad", "Unavailable"), p(sentence(shown(text ?? "")))],
      apply ? null : [" ", badge("quiet", "Trial: checked, not applied")],
    ],
    last_import === null ? h("span", { class: "faint" }, "none yet") : [
      link(`#/imports/${last_import.id}`, data(last_import.file)),
      " ",
      statusBadge(last_import),
      " ",
      ago(last_import.finished_at),
    ],
    expected_at === null ? "–" : ago(expected_at),
    waiting(feed, pending),
    held_users === 0 ? "–" : number(held_users),
  ];
}

/** @param {Feed} feed @param {number} pending */
function waiting({ paused_until }, pending) {
  if (paused_until === null) return pending === 0 ? "–" : number(pending);
  return [
    badge("attention", "Paused"),
    " until ",
    moment(paused_until),
    `, ${pending === 0 ? "no files waiting" : counted(pending, "file waiting", "files waiting")}`,
  ];
}
